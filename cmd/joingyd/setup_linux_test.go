package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal setup asks, says what is wrong with an answer, offers what the file
// has, and writes after a yes alone.
func TestSetupAsks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "joingyd.yaml")
	if err := os.WriteFile(path, []byte("site:\n  contact: \"you@example.org\" # me\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, confirmed := range []string{"no", "yes"} {
		p := openTerminal(t, "dumb", "setup", "--config", path, "--check=false", "--restart=false")
		for _, exchange := range []struct{ prompt, answer string }{
			{"chat.example.org): ", "https://example.org"},
			{"is not a name", ""}, // and the question again
			{"such as chat.example.org", "chat.example.org"},
			{"reach you: an e-mail address or a URL [you@example.org]: ", ""},
			{"(empty: the contact): ", ""},
			{"Which: ", "ftp"},
			{"use acme, files, proxy", "proxy"},
			{"no proxy or CDN stands for: ", "relay.example.org"},
			{"(empty: no limit): ", "20"},
			{"less than 1MB", "20 TB"},
			{"no estimate of the traffic): ", "many"},
			{"is not a number", "10"},
			{"Write this to " + path + "? (yes or no) [yes]: ", confirmed},
		} {
			p.await(exchange.prompt, func(drawn string) bool { return strings.Contains(drawn, exchange.prompt) })
			p.press(exchange.answer + "\r")
		}
		p.ends(map[string]int{"no": exitRefused, "yes": exitDone}[confirmed])
	}
	want := "site:\n  contact: \"you@example.org\" # me\n\nhttp:\n  listen: \"127.0.0.1:8080\"\n  trusted_proxies: [\"127.0.0.1\", \"::1\"]\n\nturn:\n  public_host: \"relay.example.org\"\n  traffic_per_month: 20000000000000\n"
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%v, %q, want %q", err, got, want)
	}
}
