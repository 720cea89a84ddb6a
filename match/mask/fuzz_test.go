package mask_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/joingyd/joingyd/match/mask"
	"github.com/pion/sdp/v3"
)

// What comes out has no address, is an SDP, and comes out of itself; what does
// not come out is a refusal that quotes nothing.
func FuzzDescription(f *testing.F) {
	names, err := filepath.Glob("testdata/*.sdp")
	if err != nil || len(names) == 0 {
		f.Fatal("no samples", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(true, string(text))
		f.Add(false, string(text))
	}
	f.Add(true, minimal)
	for _, line := range places {
		f.Add(true, with(minimal, 0, line))
		f.Add(true, with(minimal, 1, line))
	}
	f.Fuzz(func(t *testing.T, offer bool, text string) {
		typ := "answer"
		if offer {
			typ = "offer"
		}
		got, err := mask.Description(typ, text, owns)
		if err != nil {
			if !errors.Is(err, mask.ErrMasked) || got != "" || len(leaks(err.Error())) > 0 {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		if found := leaks(got); len(found) > 0 {
			t.Fatalf("leaks %q:\n%s", found, got)
		}
		var parsed sdp.SessionDescription
		if err := parsed.UnmarshalString(got); err != nil {
			t.Fatalf("%v:\n%s", err, got)
		}
		again, err := mask.Description(typ, got, owns)
		if err != nil || again != got {
			t.Fatalf("no fixed point: %v\n%s\n%s", err, got, again)
		}
	})
}

func FuzzCandidate(f *testing.F) {
	f.Add("")
	f.Add(want)
	f.Add(want + " generation 0 ufrag kftB network-id 1 network-cost 50")
	f.Add("candidate:0 2 UDP 2122187006 ba6d54d6.local 42571 typ host tcptype active")
	f.Add("candidate:1 1 udp 1 ::ffff:198.18.7.9 49152 typ relay raddr 203.0.113.7 rport 9")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := mask.Candidate(text, owns)
		if err != nil {
			if errors.Is(err, mask.ErrMasked) == errors.Is(err, mask.ErrIgnored) || got != "" || len(leaks(err.Error())) > 0 {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		if found := leaks(got); len(found) > 0 {
			t.Fatalf("leaks %q: %q", found, got)
		}
		if (got == "") != (text == "") {
			t.Fatalf("%q became %q", text, got)
		}
		if again, err := mask.Candidate(got, owns); err != nil || again != got {
			t.Fatalf("no fixed point: %v, %q, %q", err, got, again)
		}
	})
}
