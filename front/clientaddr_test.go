package front_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/front"
)

var proxies = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:a::/48"),
}

func clientAddr(header, peer string, lines ...string) string {
	c := &front.ClientAddr{Trusted: proxies, Header: header}
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	for _, line := range lines {
		r.Header.Add(header, line)
	}
	return c.Of(r).String()
}

func TestClientAddrOfXForwardedFor(t *testing.T) {
	long := strings.Repeat("9.9.9.9,", 5000)
	for _, tt := range []struct {
		peer  string
		lines []string
		want  string
	}{
		{"127.0.0.1:5", nil, "127.0.0.1"},
		{"127.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.2:5", []string{"192.0.2.1"}, "127.0.0.2"}, // not a proxy of ours
		{"203.0.113.9:5", []string{"127.0.0.1, 10.0.0.1"}, "203.0.113.9"},
		{"[::ffff:127.0.0.1]:5", []string{"192.0.2.1"}, "192.0.2.1"},
		{"[::ffff:203.0.113.9]:5", []string{"192.0.2.1"}, "203.0.113.9"},
		{"[2001:db8:a::7%eth0]:5", []string{"192.0.2.1"}, "192.0.2.1"},
		{"@", []string{"192.0.2.1"}, "invalid IP"},
		// What the client wrote itself stands to the left of its address.
		{"127.0.0.1:5", []string{"9.9.9.9, 192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"9.9.9.9", "192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, 10.0.0.1, 192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{`"9.9.9.9, 192.0.2.1`}, "192.0.2.1"},
		{"127.0.0.1:5", []string{`"`, "192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{long + "192.0.2.1"}, "192.0.2.1"},
		// Several proxies of ours.
		{"127.0.0.1:5", []string{"192.0.2.1, 10.1.2.3"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, 192.0.2.1,10.1.2.3\t,\t2001:db8:a::1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"9.9.9.9", "192.0.2.1", "10.1.2.3", "::ffff:10.1.2.4"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"}, // nobody else
		{"127.0.0.1:5", []string{"9.9.9.9" + strings.Repeat(", 10.0.0.1", 15)}, "9.9.9.9"},
		{"127.0.0.1:5", []string{"9.9.9.9" + strings.Repeat(", 10.0.0.1", 16)}, "10.0.0.1"},
		// How addresses are written.
		{"127.0.0.1:5", []string{"192.0.2.1:4711"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"2001:db8::1"}, "2001:db8::1"},
		{"127.0.0.1:5", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"127.0.0.1:5", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"127.0.0.1:5", []string{`"[2001:db8::1]:4711"`}, "2001:db8::1"},
		{"127.0.0.1:5", []string{"fe80::1%eth0"}, "fe80::1"},
		{"127.0.0.1:5", []string{"[fe80::1%25eth0]:1"}, "fe80::1"},
		{"127.0.0.1:5", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"127.0.0.1:5", []string{"[::ffff:c000:201]:99999"}, "192.0.2.1"},
		// What is none ends the walk at the proxy that passed it on.
		{"127.0.0.1:5", []string{""}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9,"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9", ""}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, unknown"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, unknown, 10.0.0.1"}, "10.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, _hidden"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, 010.0.0.1"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, 192.0.2.1:"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, 192.0.2.1:http"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, 192.0.2.1:123456"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, 192.0.2.1 10.0.0.1"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, [192.0.2.1]"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, [2001:db8::1"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, [2001:db8::1]x"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"9.9.9.9, example.org"}, "127.0.0.1"},
		{"127.0.0.1:5", []string{`9.9.9.9, "`}, "127.0.0.1"},
		{"127.0.0.1:5", []string{"for=9.9.9.9"}, "127.0.0.1"},
	} {
		if got := clientAddr(front.XForwardedFor, tt.peer, tt.lines...); got != tt.want {
			t.Errorf("from %s, X-Forwarded-For %.60q: %s, want %s", tt.peer, tt.lines, got, tt.want)
		}
	}
}

func TestClientAddrOfForwarded(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		want  string
	}{
		{[]string{"for=192.0.2.1"}, "192.0.2.1"},
		{[]string{"For=192.0.2.1;proto=https;by=203.0.113.43"}, "192.0.2.1"},
		{[]string{"proto=https ; FOR=192.0.2.1"}, "192.0.2.1"},
		{[]string{`for="192.0.2.1:4711"`}, "192.0.2.1"},
		{[]string{`for="192.0.2.1:_http"`}, "192.0.2.1"},
		{[]string{`for="[2001:db8::1]"`}, "2001:db8::1"},
		{[]string{`for="[2001:db8::1]:4711"`}, "2001:db8::1"},
		{[]string{`for="[::ffff:192.0.2.1]"`}, "192.0.2.1"},
		{[]string{`for=192.0.2.1, for="[2001:db8:a::1]";proto=http, for=10.0.0.1`}, "192.0.2.1"},
		{[]string{"for=9.9.9.9, for=192.0.2.1", "for=10.0.0.1"}, "192.0.2.1"},
		{[]string{`for=192.0.2.1;host="a,b;for=9.9.9.9"`}, "192.0.2.1"},
		{[]string{`for=192.0.2.1;host="a\", for=9.9.9.9"`}, "192.0.2.1"},
		{[]string{`for=192.0.2.1;host="\\\\"`}, "192.0.2.1"},
		// A quote that the client left open hides nothing of what follows.
		{[]string{`for="9.9.9.9, for=192.0.2.1`}, "192.0.2.1"},
		{[]string{`for="\, for="[2001:db8::1]:4711"`}, "2001:db8::1"},
		{[]string{`for="`, "for=192.0.2.1"}, "192.0.2.1"},
		{[]string{"for=9.9.9.9, for=unknown"}, "127.0.0.1"},
		{[]string{"for=9.9.9.9, for=_hidden, for=10.0.0.1"}, "10.0.0.1"},
		{[]string{"for=9.9.9.9, proto=https"}, "127.0.0.1"},
		{[]string{"for=9.9.9.9, for=192.0.2.1;for=192.0.2.2"}, "127.0.0.1"},
		{[]string{"for=9.9.9.9, for"}, "127.0.0.1"},
		{[]string{"for=9.9.9.9, for="}, "127.0.0.1"},
		{[]string{`for=9.9.9.9, for="192.0.2.1`}, "127.0.0.1"},
		{[]string{`for=9.9.9.9, for="192.0.2.1:_"`}, "127.0.0.1"},
		{[]string{`for=9.9.9.9, for="192.0.2.1:_a b"`}, "127.0.0.1"},
		{[]string{"9.9.9.9"}, "127.0.0.1"},
	} {
		if got := clientAddr(front.Forwarded, "127.0.0.1:5", tt.lines...); got != tt.want {
			t.Errorf("Forwarded %q: %s, want %s", tt.lines, got, tt.want)
		}
	}
}

// One header is believed: the other may have come from the client untouched.
func TestClientAddrBelievesOneHeader(t *testing.T) {
	r := &http.Request{RemoteAddr: "127.0.0.1:5", Header: http.Header{
		"X-Forwarded-For": {"192.0.2.1"}, "Forwarded": {"for=192.0.2.2"}, "X-Real-Ip": {"192.0.2.3"},
	}}
	for header, want := range map[string]string{"": "192.0.2.1", front.XForwardedFor: "192.0.2.1", front.Forwarded: "192.0.2.2"} {
		c := front.ClientAddr{Trusted: proxies, Header: header}
		if got := c.Of(r).String(); got != want {
			t.Errorf("header %q: %s, want %s", header, got, want)
		}
	}
	if got := new(front.ClientAddr).Of(r).String(); got != "127.0.0.1" {
		t.Errorf("the zero value says %s", got)
	}
}

// Whatever a client writes, what its proxy appends decides.
func FuzzClientAddr(f *testing.F) {
	f.Add("9.9.9.9", "")
	f.Add(`for="`, `for=\`)
	f.Add(`"\"`, `,;="`)
	f.Fuzz(func(t *testing.T, one, two string) {
		for _, name := range []string{"192.0.2.1", "2001:db8::1"} {
			if got := clientAddr(front.XForwardedFor, "127.0.0.1:5", one, two+", "+name); got != name {
				t.Errorf("X-Forwarded-For %q: %s", two, got)
			}
			if got := clientAddr(front.Forwarded, "127.0.0.1:5", one, two+`, for="[2001:db8::2]:1";proto=https`); got != "2001:db8::2" {
				t.Errorf("Forwarded %q: %s", two, got)
			}
		}
		for _, header := range []string{front.XForwardedFor, front.Forwarded} {
			if got := clientAddr(header, "203.0.113.9:5", one, two); got != "203.0.113.9" {
				t.Errorf("an untrusted peer became %s", got)
			}
			addr, err := netip.ParseAddr(clientAddr(header, "127.0.0.1:5", one, two))
			if err != nil || addr.Is4In6() || addr.Zone() != "" {
				t.Errorf("%s %q %q: %v, %v", header, one, two, addr, err)
			}
		}
	})
}
