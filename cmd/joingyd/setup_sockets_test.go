package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

// Where systemd holds the ports, setup moves them, once; where it does not, nothing is
// written.
func TestHoldPorts(t *testing.T) {
	bin, units := t.TempDir(), filepath.Join(t.TempDir(), "system")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	was := ownUnits
	ownUnits = units
	t.Cleanup(func() { ownUnits = was })
	c := config.Default()
	c.TLS.Listen, c.Site.Contact, c.Site.AbuseContact = ":443", "a@example.org", "a@example.org"

	for _, tt := range []struct {
		enabled     string // exit status of systemctl
		held, moved bool
	}{{"1", false, false}, {"0", true, true}, {"0", true, false}} {
		if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\nexit "+tt.enabled+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		held, moved, err := holdPorts(t.Context(), &printer{w: &said}, c)
		if held != tt.held || moved != tt.moved || err != nil || (said.Len() > 0) != tt.moved {
			t.Errorf("systemctl ends with %s: held %v, moved %v, %v, %q", tt.enabled, held, moved, err, &said)
		}
		text, err := os.ReadFile(filepath.Join(units, "joingyd.socket.d", "listen.conf"))
		if held != (err == nil) || held && !strings.Contains(string(text), "[Socket]\nListenStream=\nListenStream=8080\nListenStream=443\nListenStream=3478\n") {
			t.Errorf("systemctl ends with %s: %v, %s", tt.enabled, err, text)
		}
	}
}
