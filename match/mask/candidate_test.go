package mask_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/match/mask"
)

const want = "candidate:1760197377 1 udp 50331647 198.18.7.9 49152 typ relay raddr 0.0.0.0 rport 0"

func TestCandidate(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"candidate:2275299952 1 udp 58597375 198.18.7.9 49152 typ relay raddr 203.0.113.7 rport 5000 generation 1 ufrag kftB network-id 3 network-cost 50": want + " generation 1 ufrag kftB",
		"candidate:6 1 UDP 92151807 198.18.7.9 49152 typ relay raddr 2001:db8::1 rport 5000":                                                               want,
		"candidate:6 1 udp 25042943 198.18.7.9 49152 typ relay raddr a.local rport 5000":                                                                   strings.Replace(want, "50331647", "33554431", 1),
		"candidate:6 1 udp 8265727 198.18.7.9 49152 typ relay":                                                                                             strings.Replace(want, "50331647", "16777215", 1),
		"candidate:6 1 udp 2122260223 198.18.7.9 49152 typ relay x 203.0.113.7":                                                                            want,
	} {
		got, err := mask.Candidate(in, owns)
		if err != nil || got != want {
			t.Errorf("%q:\n got %q, %v\nwant %q", in, got, err, want)
		}
		if again, err := mask.Candidate(got, owns); err != nil || again != got {
			t.Errorf("%q: not a fixed point: %q, %v", got, again, err)
		}
	}
}

func TestCandidateRefused(t *testing.T) {
	for name, in := range map[string]string{
		"host":          "candidate:1 1 udp 2122194687 203.0.113.7 9 typ host",
		"srflx":         "candidate:1 1 udp 1 203.0.113.7 9 typ srflx raddr 10.0.0.1 rport 9",
		"prflx":         "candidate:1 1 udp 1 203.0.113.7 9 typ prflx raddr 10.0.0.1 rport 9",
		"mdns":          "candidate:1 1 udp 1 ba6d54d6-9e09-42d2-a6d7-922b4bf6ebf9.local 9 typ host",
		"relay by name": "candidate:1 1 udp 1 relay.example 9 typ relay raddr 0.0.0.0 rport 0",
		"foreign relay": "candidate:1 1 udp 1 203.0.113.7 9 typ relay raddr 0.0.0.0 rport 0",
		"not owned":     "candidate:1 1 udp 1 198.18.7.9 49153 typ relay raddr 0.0.0.0 rport 0",
		"other's relay": "candidate:1 1 udp 1 198.19.0.1 49152 typ relay raddr 0.0.0.0 rport 0",
		"mapped":        "candidate:1 1 udp 1 ::ffff:198.18.7.9 49152 typ relay raddr 0.0.0.0 rport 0",
		"ipv6":          "candidate:1 1 udp 1 2001:db8::1 49152 typ relay raddr 0.0.0.0 rport 0",
		"zone":          "candidate:1 1 udp 1 fe80::1%eth0 49152 typ relay raddr 0.0.0.0 rport 0",
		"tcp":           "candidate:1 1 tcp 1 198.18.7.9 49152 typ relay raddr 0.0.0.0 rport 0 tcptype active",
		"our host":      "candidate:1 1 udp 1 198.18.7.9 49152 typ host",
		"upper case":    "candidate:1 1 udp 1 198.18.7.9 49152 typ RELAY",
		"component 3":   "candidate:1 3 udp 1 198.18.7.9 49152 typ relay",
		"component 0":   "candidate:1 0 udp 1 198.18.7.9 49152 typ relay",
		"leading zeros": "candidate:1 1 udp 1 198.018.007.009 49152 typ relay",
		"no port":       "candidate:1 1 udp 1 198.18.7.9 typ relay",
		"port 65536":    "candidate:1 1 udp 1 198.18.7.9 65536 typ relay",
		"priority":      "candidate:1 1 udp 4294967296 198.18.7.9 49152 typ relay",
		"foundation":    "candidate:203.0.113.7 1 udp 1 198.18.7.9 49152 typ relay",
		"generation":    "candidate:1 1 udp 1 198.18.7.9 49152 typ relay generation 256",
		"ufrag":         "candidate:1 1 udp 1 198.18.7.9 49152 typ relay ufrag 203.0.113.7",
		"odd extension": "candidate:1 1 udp 1 198.18.7.9 49152 typ relay raddr",
		"two spaces":    "candidate:1 1 udp 1  198.18.7.9 49152 typ relay",
		"two lines":     "candidate:1 1 udp 1 198.18.7.9 49152 typ relay\r\na=candidate:1 1 udp 1 203.0.113.7 9 typ host",
		"nul":           "candidate:1 1 udp 1 198.18.7.9\x00 49152 typ relay",
		"a=":            "a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay",
		"garbage":       "203.0.113.7",
		"bomb":          "candidate:1 1 udp 1 198.18.7.9 49152 typ relay" + strings.Repeat(" x y", 1000),
	} {
		got, err := mask.Candidate(in, owns)
		if !errors.Is(err, mask.ErrMasked) || got != "" {
			t.Errorf("%s: got %q, %v", name, got, err)
			continue
		}
		if found := leaks(err.Error()); len(found) > 0 {
			t.Errorf("%s: the error %q leaks %q", name, err, found)
		}
	}
	if _, err := mask.Candidate(want, nil); !errors.Is(err, mask.ErrMasked) {
		t.Errorf("nobody owns it: %v", err)
	}
}

// TestCandidateIgnored: Firefox trickles RTCP's component, though it muxes.
func TestCandidateIgnored(t *testing.T) {
	got, err := mask.Candidate("candidate:6 2 UDP 92151806 198.18.7.9 49152 typ relay raddr 0.0.0.0 rport 0", owns)
	if !errors.Is(err, mask.ErrIgnored) || errors.Is(err, mask.ErrMasked) || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCandidateInit(t *testing.T) {
	for in, ok := range map[string]bool{
		`{"candidate":"` + want + `","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"kftB"}`: true,
		`{"candidate":"` + want + `","sdpMid":"0"}`:                                             true,
		`{"candidate":"` + want + `","sdpMLineIndex":1}`:                                        true,
		`{"candidate":"","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"2dd1936e"}`:         true,
		`{"candidate":""}`:                                                        true,
		`{"candidate":"` + want + `"}`:                                            false,
		`{"candidate":"","sdpMid":"203.0.113.7"}`:                                 false,
		`{"candidate":"","sdpMid":""}`:                                            false,
		`{"candidate":"","sdpMLineIndex":16}`:                                     false,
		`{"candidate":"","usernameFragment":"203.0.113.7"}`:                       false,
		`{"candidate":"candidate:1 1 udp 1 203.0.113.7 9 typ host","sdpMid":"0"}`: false,
	} {
		var c mask.CandidateInit
		if err := json.Unmarshal([]byte(in), &c); err != nil {
			t.Fatal(err)
		}
		got, err := c.Mask(owns)
		if ok != (err == nil) || !ok && (!errors.Is(err, mask.ErrMasked) || got != mask.CandidateInit{}) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
		if ok && got.Candidate != c.Candidate {
			t.Errorf("%s: %q", in, got.Candidate)
		}
	}
}
