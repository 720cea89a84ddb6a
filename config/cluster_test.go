package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

func TestClusterSecrets(t *testing.T) {
	dir := t.TempDir()
	var none config.Cluster
	made, err := none.LoadSecrets(dir)
	if err != nil || made.Key == [config.SecretSize]byte{} || made.KeyPath != filepath.Join(dir, config.ClusterKeyFile) {
		t.Fatalf("without a key: %+v, %v; want one made in the data directory", made, err)
	}
	if again, err := none.LoadSecrets(dir); err != nil || again.Key != made.Key {
		t.Errorf("again: another key, or %v", err)
	}
	password := filepath.Join(dir, "redis.password")
	if err := os.WriteFile(password, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Cluster{KeyFile: made.KeyPath, PasswordFile: password, SentinelPasswordFile: password}.LoadSecrets(t.TempDir())
	if err != nil || s.Key != made.Key || s.Password != "hunter2" || s.SentinelPassword != "hunter2" {
		t.Errorf("named files: %+v, %v", s, err)
	}
}

func TestClusterSecretsErrors(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	if err := os.WriteFile(open, []byte("hunter2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(dir, "closed")
	if err := os.WriteFile(closed, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(dir, "nowhere")
	for _, tt := range []struct {
		c    config.Cluster
		want []string
	}{
		{config.Cluster{KeyFile: nowhere}, []string{"cluster.key_file: ", "copy the file of another node", "openssl rand -hex 32"}},
		{config.Cluster{KeyFile: open}, []string{"cluster.key_file: ", "chmod 600"}},
		{config.Cluster{KeyFile: closed}, []string{"cluster.key_file: ", "64 hexadecimal digits"}},
		{config.Cluster{PasswordFile: nowhere}, []string{"cluster.password_file: ", "no such file"}},
		{config.Cluster{PasswordFile: open}, []string{"cluster.password_file: ", "chmod 600"}},
		{config.Cluster{SentinelPasswordFile: open}, []string{"cluster.sentinel_password_file: ", "chmod 600"}},
		{config.Cluster{CAFile: nowhere}, []string{"cluster.ca_file: ", "no such file"}},
		{config.Cluster{CAFile: closed}, []string{"cluster.ca_file: ", "no certificate in PEM"}},
		{config.Cluster{ClientCertFile: nowhere, ClientKeyFile: closed}, []string{"cluster.client_cert_file: ", "no such file"}},
		{config.Cluster{ClientCertFile: closed, ClientKeyFile: open}, []string{"cluster.client_key_file: ", "chmod 600"}},
		{config.Cluster{ClientCertFile: closed, ClientKeyFile: closed}, []string{"cluster.client_cert_file: ", "are no pair"}},
	} {
		_, err := tt.c.LoadSecrets(dir)
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, want %q", tt.c, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: the error quotes the secret", tt.c)
		}
	}
}

func TestClusterPasswordInURL(t *testing.T) {
	_, err := load(t, "--cluster-redis", "redis://joingy:hunter2@10.0.0.5:6379", "--turn-public-host", "a.test")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password in the address: %v, want a refusal that does not repeat it", err)
	}
}

func TestNodeName(t *testing.T) {
	if name, err := (config.Cluster{Node: "a"}).NodeName(); name != "a" || err != nil {
		t.Errorf("a name of the settings: %q, %v", name, err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	if name, err := (config.Cluster{}).NodeName(); err == nil && name != host || err != nil && !strings.Contains(err.Error(), "cluster.node: ") {
		t.Errorf("without one: %q, %v; want %q", name, err, host)
	}
}

// An edge needs nothing of a relay, and opens none of its ports.
func TestEdge(t *testing.T) {
	c := config.Default()
	c.Cluster.Redis, c.Cluster.Role = "redis://10.0.0.5:6379", config.RoleEdge
	if ports := append(c.TURNListen(), c.TURNTLSListen()...); len(ports) > 0 {
		t.Errorf("it listens on %q", ports)
	}
	c.TURN.Listen = nil
	if problems := c.Validate(); len(problems) > 0 {
		t.Errorf("Validate: %v", problems)
	}
	c.Cluster.Role = config.RoleRelay
	if problems := c.Validate(); len(problems) != 2 { // turn.listen and turn.public_host
		t.Errorf("a relay without ports and host: %v", problems)
	}
}
