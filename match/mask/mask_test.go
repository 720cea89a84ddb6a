package mask_test

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/*.masked.sdp anew")

// owned is what the sender of every test holds.
var owned = netip.MustParseAddrPort("198.18.7.9:49152")

func owns(addr netip.AddrPort) bool { return addr == owned }

var (
	addressish = regexp.MustCompile(`[0-9A-Fa-f:.]{3,}`)
	fullDigest = regexp.MustCompile(`(?m)^a=fingerprint:(sha-256 [0-9A-F]{2}(:[0-9A-F]{2}){31}|sha-384 [0-9A-F]{2}(:[0-9A-F]{2}){47}|sha-512 [0-9A-F]{2}(:[0-9A-F]{2}){63})\r$`)
)

// leaks returns every IPv4 and IPv6 literal that stands anywhere in text, also
// within a word, but for 0.0.0.0 and the owned relay address; and every name
// under .local. Digests of exact length are no addresses.
func leaks(text string) []string {
	text = fullDigest.ReplaceAllString(text, "")
	var found []string
	if strings.Contains(text, ".local") {
		found = append(found, ".local")
	}
	for _, run := range addressish.FindAllString(text, -1) {
		found = append(found, literals(run)...)
	}
	return found
}

// literals scans a run of hex digits, dots and colons from the left, taking the
// longest literal at each place.
func literals(run string) []string {
	var found []string
	for from := 0; from < len(run); from++ {
		for to := min(len(run), from+64); to > from+1; to-- { // no literal is longer
			addr, err := netip.ParseAddr(run[from:to])
			if err != nil {
				continue
			}
			if addr != netip.IPv4Unspecified() && addr != owned.Addr() {
				found = append(found, run[from:to])
			}
			from = to - 1
			break
		}
	}
	return found
}

func TestLeaks(t *testing.T) {
	for _, text := range []string{
		"a=fmtp:111 203.0.113.7", "x203.0.113.7y", "a=x:2001:db8::1", "::ffff:203.0.113.7", "cname:fe80::1",
		"1.203.0.113.7", "0.0.0.0203.0.113.7", "0.0.0.0:203.0.113.7", "c=IN IP4 198.18.7.8", "x 1:2:3:4:5:6:7:8", "a=candidate:1 1 udp 1 abc.local 9 typ host",
		"a=fingerprint:sha-256 AA:BB:CC:DD:EE:FF:00:11\r\n",
	} {
		if len(leaks(text)) == 0 {
			t.Errorf("%q: no leak found", text)
		}
	}
	for _, text := range []string{"a=rtcp:9 IN IP4 0.0.0.0", "198.18.7.9 49152", "a=fmtp:97 apt=96", "www.webrtc.org"} {
		if got := leaks(text); len(got) != 0 {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// sample reads a description that a browser wrote.
func sample(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// with puts lines below the n-th m-line (0: before the first) of an SDP.
func with(text string, n int, lines ...string) string {
	parts := strings.Split(text, "\r\nm=")
	parts[n] += "\r\n" + strings.Join(lines, "\r\n")
	if n == len(parts)-1 {
		parts[n] = strings.TrimSuffix(parts[n], "\r\n")
		parts[n] = strings.Replace(parts[n], "\r\n\r\n", "\r\n", 1) + "\r\n"
	}
	return strings.Join(parts, "\r\nm=")
}
