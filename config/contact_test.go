package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

// Whom the default lets in depends on whether they could reach anybody.
func TestHTTPListen(t *testing.T) {
	loopback, all := []string{"127.0.0.1:8080", "[::1]:8080"}, []string{":8080"}
	for _, test := range []struct {
		args []string
		want []string
	}{
		{nil, loopback},
		{[]string{"--site-contact", "https://example.org/desk"}, loopback},
		{[]string{"--site-abuse-contact", "abuse@example.org"}, loopback},
		{[]string{"--site-contact", "desk@example.org"}, all},
		{[]string{"--site-contact", "room 12", "--site-abuse-contact", "abuse@example.org"}, all},
		{[]string{"--listen", "127.0.0.1:0"}, []string{"127.0.0.1:0"}},
		{[]string{"--listen", "localhost:81"}, []string{"localhost:81"}},
		{[]string{"--listen", "[::1]:81"}, []string{"[::1]:81"}},
		{[]string{"--listen", ":81", "--site-contact", "desk@example.org"}, []string{":81"}},
	} {
		c, err := load(t, test.args...)
		if err != nil {
			t.Errorf("%q: %v", test.args, err)
			continue
		}
		if got := c.HTTPListen(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: listens on %q, want %q", test.args, got, test.want)
		}
	}
}

// The relay answers others than this machine when the site lets others in, or when it
// is there for other programs.
func TestTURNListen(t *testing.T) {
	const contact = "desk@example.org"
	for _, test := range []struct {
		args      []string
		turn, tls []string
		want      string // a part of the error; empty: none
	}{
		{nil, []string{"127.0.0.1:3478", "[::1]:3478"}, nil, ""},
		{[]string{"--site-contact", "https://example.org/desk"}, []string{"127.0.0.1:3478", "[::1]:3478"}, nil, ""},
		{[]string{"--site-contact", contact}, []string{":3478"}, nil, ""},
		{[]string{"--turn-listen", "127.0.0.1:0"}, []string{"127.0.0.1:0"}, nil, ""},
		{[]string{"--turn-listen", "0.0.0.0:3478"}, nil, nil, "turn.listen"},
		{[]string{"--turn-listen", "0.0.0.0:3478", "--site-contact", contact}, []string{"0.0.0.0:3478"}, nil, ""},
		{[]string{"--turn-relay", "open", "--turn-relay-addresses", "192.0.2.1"}, []string{":3478"}, nil, ""},
		{[]string{"--turn-tls-listen", ":5349", "--tls-cert-file", "c", "--tls-key-file", "k"}, []string{"127.0.0.1:3478", "[::1]:3478"}, []string{"127.0.0.1:5349", "[::1]:5349"}, ""},
		{[]string{"--turn-tls-listen", "192.0.2.1:5349", "--tls-cert-file", "c", "--tls-key-file", "k"}, nil, nil, "turn.tls_listen"},
		{[]string{"--turn-tls-listen", ":5349", "--tls-cert-file", "c", "--tls-key-file", "k", "--site-contact", contact}, []string{":3478"}, []string{":5349"}, ""},
	} {
		c, err := load(t, test.args...)
		if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want+": ") {
			t.Errorf("%q: %v, want %q", test.args, err, test.want)
		}
		if err != nil {
			continue
		}
		if turn, tls := c.TURNListen(), c.TURNTLSListen(); !reflect.DeepEqual(turn, test.turn) || !reflect.DeepEqual(tls, test.tls) {
			t.Errorf("%q: listens on %q and %q, want %q and %q", test.args, turn, tls, test.turn, test.tls)
		}
	}
}

func TestAbuseEmail(t *testing.T) {
	for _, test := range []struct{ contact, abuse, want string }{
		{"", "", ""},
		{"desk@example.org", "", "desk@example.org"},
		{"desk@example.org", "abuse@example.org", "abuse@example.org"},
		{"https://example.org/@desk", "", ""},
		{"write to desk@example.org", "", ""},
	} {
		if got := (config.Site{Contact: test.contact, AbuseContact: test.abuse}).AbuseEmail(); got != test.want {
			t.Errorf("contact %q, abuse contact %q: %q, want %q", test.contact, test.abuse, got, test.want)
		}
	}
}

func TestIsEmail(t *testing.T) {
	for text, want := range map[string]bool{
		"a@example.org": true, "a.b+c@example.org": true,
		"": false, "a": false, "@example.org": false, "<a@example.org>": false, "A <a@example.org>": false, "a@example.org, b@example.org": false,
		"a@example.org?subject=x": false, "mailto:a@example.org": false, "a b@example.org": false, `"a b"@example.org`: false,
	} {
		if got := config.IsEmail(text); got != want {
			t.Errorf("IsEmail(%q) = %v", text, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string // a part of each
	}{
		{nil, []string{"open to this machine only"}},
		{[]string{"--listen", "127.0.0.1:8080"}, nil},
		{[]string{"--site-contact", "desk@example.org"}, nil},
		{[]string{"--site-contact", "https://example.org"}, []string{"site.abuse_contact"}},
		{[]string{"--listen", "127.0.0.1:8080", "--http-trusted-proxies", "127.0.0.1"}, []string{"http.trusted_proxies"}},
		{[]string{"--listen", "127.0.0.1:8080", "--http-allow-origins", "https://example.org"}, []string{"visitors of https://example.org"}},
		{[]string{"--listen", "127.0.0.1:8080", "--http-allow-origins", "http://localhost:1,http://[::1],http://192.168.1.2"}, nil},
		{[]string{"--http-trusted-proxies", "127.0.0.1", "--http-allow-origins", "https://example.org", "--site-contact", "desk@example.org"}, nil},
	} {
		c, err := load(t, test.args...)
		if err != nil {
			t.Fatal(err)
		}
		got := c.Warnings()
		if len(got) != len(test.want) {
			t.Errorf("%q: %q, want %d warnings", test.args, got, len(test.want))
			continue
		}
		for i, part := range test.want {
			if !strings.Contains(got[i], part) || !strings.Contains(got[i], "set site.contact") {
				t.Errorf("%q: warning %q lacks %q or the remedy", test.args, got[i], part)
			}
		}
	}
}
