package check

import (
	"strings"
	"testing"
)

func TestParseHost(t *testing.T) {
	tests := []struct{ text, want string }{
		{"chat.example.org", "https://chat.example.org http://chat.example.org"},
		{"chat.example.org:8443", "https://chat.example.org:8443 http://chat.example.org:8443"},
		{"https://chat.example.org", "https://chat.example.org"},
		{"HTTPS://chat.example.org/rules?x=1", "https://chat.example.org"},
		{"http://localhost:8080", "http://localhost:8080"},
		{"localhost", "https://localhost http://localhost:8080"},
		{"127.0.0.1", "https://127.0.0.1 http://127.0.0.1:8080"},
		{"127.0.0.1:8080", "https://127.0.0.1:8080 http://127.0.0.1:8080"},
		{"2001:db8::1", "https://[2001:db8::1] http://[2001:db8::1]:8080"},
		{"[2001:db8::1]:443", "https://[2001:db8::1]:443 http://[2001:db8::1]:443"},
		{"[2001:db8::1]", "https://[2001:db8::1] http://[2001:db8::1]:8080"},
	}
	for _, tt := range tests {
		host, err := ParseHost(tt.text)
		if err != nil {
			t.Errorf("ParseHost(%q): %v", tt.text, err)
			continue
		}
		if got := candidates(host); got != tt.want {
			t.Errorf("ParseHost(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
	if got, want := candidates(Host{}), "https://localhost:8080 http://localhost:8080"; got != want {
		t.Errorf("without a host: %s, want %s", got, want)
	}
}

func TestParseHostRefuses(t *testing.T) {
	for _, text := range []string{
		"", "ftp://a.test", "https://", "https://user@a.test", "user@a.test", "a.test/rules", "a.test:", "a.test:http",
		"a test", "fe80::1%eth0", "https://a.test:x", "a.test?x", "://a.test", "X::0", "bücher.example", "a.test:0", "a.test:65536", "http://a.test:99999",
	} {
		if host, err := ParseHost(text); err == nil {
			t.Errorf("ParseHost(%q) = %s", text, candidates(host))
		}
	}
}

func candidates(h Host) string {
	var texts []string
	for _, u := range h.all() {
		texts = append(texts, u.String())
	}
	return strings.Join(texts, " ")
}

// What is understood is understood again, as itself.
func FuzzParseHost(f *testing.F) {
	for _, text := range []string{"chat.example.org", "https://chat.example.org/x", "127.0.0.1:8080", "2001:db8::1", "[::1]:80"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host, err := ParseHost(text)
		if err != nil {
			return
		}
		for _, u := range host.all() {
			again, err := ParseHost(u.String())
			if err != nil || candidates(again) != u.String() {
				t.Errorf("ParseHost(%q) gives %s, which gives %s, %v", text, u, candidates(again), err)
			}
		}
	})
}
