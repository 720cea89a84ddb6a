package check

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
)

func servers(urls ...string) []client.ICEServer { return []client.ICEServer{{URLs: urls}} }

func TestParseServers(t *testing.T) {
	got, unreadable := parseServers(servers(
		"stun:a.test", "turn:a.test", "turn:a.test:3478?transport=tcp", "turns:[2001:db8::1]:443?transport=tcp", "turns:a.test",
		"turn:a.test", "turns:a.test?transport=udp", "http://a.test", "turn:a.test:99999", "turn:", "",
	))
	var labels []string
	for _, s := range got {
		labels = append(labels, s.label())
	}
	want := "udp a.test:3478|udp a.test:3478|tcp a.test:3478|tls [2001:db8::1]:443|tls a.test:5349"
	if text := strings.Join(labels, "|"); text != want {
		t.Errorf("servers\n got %s\nwant %s", text, want)
	}
	if len(unreadable) != 5 {
		t.Errorf("unreadable = %q", unreadable)
	}
	if got[0].relays || !got[1].relays {
		t.Error("turn: relays, stun: does not")
	}
}

func TestHostsInICEURLs(t *testing.T) {
	tests := []struct {
		site, ice string
		status    Status
	}{
		{"https://198.51.100.1", "turn:198.51.100.1", OK},
		{"https://198.51.100.1", "turn:127.0.0.1", Failed},
		{"https://198.51.100.1", "turn:192.168.1.10", Failed},
		{"https://[2001:db8::1]", "turn:[fe80::1]", Failed},
		{"https://198.51.100.1", "turn:100.64.0.1", Failed},
		{"https://198.51.100.1", "turn:nowhere.invalid", Failed},
		{"https://192.168.1.10:8443", "turn:192.168.1.10", OK},
		{"https://192.168.1.10:8443", "turn:127.0.0.1", Failed},
		{"http://127.0.0.1:8080", "turn:192.168.1.10", OK},
	}
	for _, tt := range tests {
		site, err := url.Parse(tt.site)
		if err != nil {
			t.Fatal(err)
		}
		c := newChecker(Target{Timeout: 2 * time.Second})
		c.site = site
		parsed, _ := parseServers(servers(tt.ice))
		s := c.judgeServers(t.Context(), parsed, nil, time.Time{})
		if s.Status != tt.status || strings.Contains(s.Remedy, "turn.public_host") != (tt.status == Failed) {
			t.Errorf("%s at %s: %+v, want %s", tt.ice, tt.site, s, tt.status)
		}
	}
}

func TestNoICEServers(t *testing.T) {
	c := newChecker(Target{})
	for _, given := range [][]client.ICEServer{nil, servers()} {
		steps := c.ice(t.Context(), client.Welcome{ICE: client.ICE{Servers: given}})
		if s := steps[0]; s.Status != Failed || !strings.Contains(s.Remedy, "turn.public_host") {
			t.Errorf("ice = %+v", s)
		}
	}
}

func TestTLSOn443(t *testing.T) {
	for site, want := range map[string]Status{"http://localhost:8080": Skipped, "https://198.51.100.1": Warning} {
		c := newChecker(Target{})
		c.site, _ = url.Parse(site)
		if s := c.notOffered("tls"); s.Status != want || want == Warning && !strings.Contains(s.Remedy, "tls.listen") {
			t.Errorf("%s: %+v", site, s)
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	for insecure, want := range map[bool]Status{false: Failed, true: Warning} {
		c := newChecker(Target{Insecure: insecure})
		c.site = &url.URL{Scheme: "http", Host: "192.168.1.10:8080"}
		if s := c.tls(t.Context()); s.Status != want || !strings.Contains(s.Remedy, "--tls-self-signed") {
			t.Errorf("%+v", s)
		}
	}
}

func TestOneOfTheAddressesAnswers(t *testing.T) {
	var good, bad = netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::1")
	r := reach{answered: []netip.Addr{good}, silent: []netip.Addr{bad}}
	if !r.partly() || r.String() != "198.51.100.1 answers, 2001:db8::1 does not answer" ||
		!strings.Contains(r.partlyRemedy("chat.example.org", "443"), "take the address out of the DNS records of chat.example.org") {
		t.Errorf("%s: %s", r, r.partlyRemedy("chat.example.org", "443"))
	}
	r.silent = []netip.Addr{netip.IPv6Loopback()}
	if r.partly() {
		t.Error("localhost needs both of its addresses")
	}
}
