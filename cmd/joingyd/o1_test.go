package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

// Trial O1, secrets: each that the daemon reads, readable by others, unreadable, cut short.
func TestO1Secrets(t *testing.T) {
	good := strings.Repeat("ab", config.SecretSize) + "\n"
	inDir := func(name string) func(*config.Config) string {
		return func(c *config.Config) string { return filepath.Join(c.DataDir, name) }
	}
	named := func(set func(c *config.Config, path string)) func(*config.Config) string {
		return func(c *config.Config) string {
			path := filepath.Join(c.DataDir, "named.secret")
			set(c, path)
			return path
		}
	}
	open := func(c *config.Config) {
		c.TURN.Relay, c.TURN.RelayAddresses = "open", []string{"127.0.0.1"}
	}
	age := func(c *config.Config) {
		c.Age.Required, c.Age.Page, c.Age.Check, c.Age.Origin = "all", "https://age.test/", "https://age.test/c", "https://chat.test"
	}
	pair, err := os.ReadFile(testCertificate)
	if err != nil {
		t.Fatal(err)
	}
	tried, refused := 0, 0
	for _, secret := range []struct {
		name  string
		place func(*config.Config) string
		good  string
		short bool // one that is cut short is told from a whole one
		late  bool // read once the site is open, which takes a while: the same as another, but for its name
	}{
		{banKeyFile, inDir(banKeyFile), good, true, false},
		{relaySecretFile, inDir(relaySecretFile), good, true, false},
		{ageKeyFile, func(c *config.Config) string { age(c); return filepath.Join(c.DataDir, ageKeyFile) }, good, true, false},
		{"admin.token", func(c *config.Config) string {
			c.Admin.Listen = "127.0.0.1:0"
			return filepath.Join(c.DataDir, "admin.token")
		}, good, true, true},
		{"admin.token_file", named(func(c *config.Config, path string) { c.Admin.Listen, c.Admin.TokenFile = "127.0.0.1:0", path }), good, true, true},
		{"admin.web_proxy_secret_file", named(func(c *config.Config, path string) {
			c.Admin.WebListen, c.Admin.WebOrigin, c.Admin.WebProxyUserHeader, c.Admin.WebProxySecretFile = "127.0.0.1:0", "https://desk.test", "X-User", path
		}), good, true, true},
		{"turn.users_file", named(func(c *config.Config, path string) { open(c); c.TURN.UsersFile = path }), "alice:secret\n", false, false},
		{"turn.secret_files", named(func(c *config.Config, path string) { open(c); c.TURN.SecretFiles = []string{path} }), good, true, false},
		{"moderation.classifier_token_file", named(func(c *config.Config, path string) {
			c.Moderation.Classifier, c.Moderation.ClassifierTokenFile = "http://127.0.0.1:9", path
		}), good, false, false},
		{"age.token_file", named(func(c *config.Config, path string) { age(c); c.Age.TokenFile = path }), good, false, false},
		{"tls.key_file", named(func(c *config.Config, path string) {
			c.TLS.Listen, c.TLS.CertFile, c.TLS.KeyFile = "127.0.0.1:0", testCertificate, path
		}), string(pair), true, true},
	} {
		for _, wrong := range []string{"readable by others", "a directory", "short"} {
			if wrong == "short" && !secret.short || secret.late && wrong != "readable by others" {
				continue
			}
			cfg := config.Default()
			cfg.DataDir = t.TempDir()
			cfg.HTTP.Listen, cfg.TURN.Listen, cfg.Admin.MetricsListen = "127.0.0.1:0", []string{"127.0.0.1:0"}, ""
			cfg.Moderation.BrowserClassifier = false
			path, content, mode := secret.place(&cfg), secret.good, os.FileMode(0o600)
			switch wrong {
			case "readable by others":
				mode = 0o644
			case "short":
				content = content[:7]
			}
			if wrong == "a directory" {
				err = os.Mkdir(path, 0o700)
			} else if err = os.WriteFile(path, []byte(content), 0o600); err == nil {
				err = os.Chmod(path, mode)
			}
			if err != nil {
				t.Fatal(err)
			}
			d, err := newDaemon(cfg, slog.New(slog.DiscardHandler))
			if err == nil {
				if err := d.close(); err != nil {
					t.Error(err)
				}
			}
			tried++
			switch {
			case err == nil:
				t.Errorf("%s: %s is taken", secret.name, wrong)
			case !strings.Contains(err.Error(), path):
				t.Errorf("%s: %s: %v, which does not name the file", secret.name, wrong, err)
			case wrong == "readable by others" && !strings.Contains(err.Error(), "chmod"):
				t.Errorf("%s: %s: %v, which has no remedy", secret.name, wrong, err)
			case strings.Contains(err.Error(), strings.TrimSpace(content)) || strings.Contains(err.Error(), "secret\n"):
				t.Errorf("%s: %s: the error quotes it: %v", secret.name, wrong, err)
			case strings.Contains(secret.name, "_file") && !strings.Contains(err.Error(), secret.name):
				t.Errorf("%s: %s: %v, which does not name the key", secret.name, wrong, err)
			default:
				refused++
			}
		}
	}
	t.Logf("figure: O1: %d of %d secrets refused that others may read, that cannot be read or are cut short", refused, tried)
}
