package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// What cannot be used names the flag or the file, and the remedy, and changes nothing.
func TestSetupRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("JOINGYD_CONFIG", "joingyd.yaml")
	for name, text := range map[string]string{
		"joingyd.yaml": "site:\n  name: \"Parley\"\n",
		"wrong.yaml":   "turn:\n  listn: \":3478\"\n",
		"twice.yaml":   "site:\n  contact: \"a@example.org\"\n  contact: \"b@example.org\"\n",
		"anchor.yaml":  "site:\n  contact: &me a@example.org\n  banner: *me\n",
		"needs.yaml":   "tls:\n  acme_domains: [\"chat.example.org\"]\n  listen: \"127.0.0.1:443\"\nturn:\n  tls_listen: [\"127.0.0.1:5349\"]\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	whole := []string{"--domain", "chat.example.org", "--contact", "you@example.org", "--tls"}
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--domain", "https://chat.example.org", "--contact", "nobody"}, exitUsage, `--domain: "https://chat\.example\.org" is not a name; write one such as chat\.example\.org, .*; --contact: "nobody" is neither an e-mail address nor a URL`},
		{append(whole, "proxy"), exitUsage, `^joingyd: --relay-host: is missing; `},
		{append(whole, "acme", "--cert", "cert.pem"), exitUsage, `^joingyd: --cert means nothing with --tls acme; leave it out, or use --tls files`},
		{append(whole, "files", "--cert", "none.pem", "--key", "none.pem"), exitRefused, `^joingyd: --cert, --key: open none\.pem: no such file`},
		{append(whole, "files", "--cert", testCertificate, "--key", testCertificate), exitRefused, `^joingyd: --cert: it is not for chat\.example\.org: `},
		{[]string{"--calls", "-1"}, exitUsage, `--calls and --bitrate must be numbers`},
		{append(whole, "acme", "--traffic-per-month", "20"), exitUsage, `^joingyd: --traffic-per-month: "20" is less than 1MB; write the unit too, such as 20TB`},
		{[]string{"--config", "joingyd.toml"}, exitRefused, `^joingyd: joingyd\.toml: setup writes YAML alone`},
		{[]string{"--config", "nowhere/joingyd.yaml"}, exitRefused, `^joingyd: nowhere/joingyd\.yaml: its directory is not there`},
		{append(whole, "acme", "--config", "wrong.yaml"), exitRefused, `^joingyd: wrong\.yaml: turn\.listn: unknown key`},
		{append(whole, "acme", "--config", "twice.yaml"), exitRefused, `^joingyd: twice\.yaml: .*mapping key "contact" already defined at line 2`},
		{append(whole, "acme", "--config", "anchor.yaml"), exitRefused, `^joingyd: anchor\.yaml: site\.contact cannot be set by this command \(line 2\); write contact: "you@example\.org" below site: yourself, and run this again`},
		{append(whole, "none", "--config", "needs.yaml"), exitRefused, `^joingyd: needs\.yaml: turn\.tls_listen: needs a certificate: .*; nothing was changed`},
	} {
		before := files(t)
		var stdout, stderr bytes.Buffer
		status := execute(t.Context(), newRootCommand(), append([]string{"setup", "--check=false", "--restart=false"}, tt.args...), &stdout, &stderr)
		if status != tt.status || !regexp.MustCompile(tt.want).MatchString(stderr.String()) {
			t.Errorf("%q: status %d, %s, want %d, %s", tt.args, status, stderr.String(), tt.status, tt.want)
		}
		if after := files(t); after != before {
			t.Errorf("%q: the files were\n%s\nand are\n%s", tt.args, before, after)
		}
	}
}

// files is every file of the working directory.
func files(t *testing.T) (all string) {
	t.Helper()
	names, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all += name + "\n" + string(text)
	}
	return all
}
