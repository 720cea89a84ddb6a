package ban_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

var newKey = ban.Key{9, 9, 9}

func TestRotate(t *testing.T) {
	f := open(t)
	before := f.add(t, "203.0.113.7", 24*time.Hour)
	old := f.Pseudonym(netip.MustParseAddr("203.0.113.9"))
	var saved ban.Keys
	if err := f.Rotate(newKey, func(keys ban.Keys) error { saved = keys; return nil }); err != nil || len(saved) != 2 || saved[0] != newKey {
		t.Fatal(err)
	}
	after := f.add(t, "203.0.113.8", 24*time.Hour)
	holds := func(when string) {
		t.Helper()
		for addr, want := range map[string]ban.Ban{"203.0.113.7": before, "203.0.113.8": after} {
			if got, is := f.Check(netip.MustParseAddr(addr), ban.UseSite); !is || got != verdict(want) {
				t.Errorf("%s: Check(%s) = %+v, %v; want %+v", when, addr, got, is, want)
			}
		}
		if keys := f.Keys(); len(keys) != 2 || keys[0].Key != newKey || !keys[0].Current || keys[0].Bans != 1 || keys[1].Bans != 1 {
			t.Errorf("%s: keys %+v", when, keys)
		}
	}
	holds("after the rotation")
	if ps := f.Pseudonyms(netip.MustParseAddr("203.0.113.9")); len(ps) != 2 || ps[0] != f.Pseudonym(netip.MustParseAddr("203.0.113.9")) || ps[1] != old {
		t.Errorf("Pseudonyms = %v, want the new one and %v", ps, old)
	}
	f.Close()
	for name, keys := range map[string]ban.Keys{"only the new key": {newKey}, "only the old key": testKeys, "another": {{7}}} {
		if _, err := ban.Open(f.path, keys, nil); !errors.Is(err, ban.ErrWrongKey) {
			t.Errorf("%s: error %v, want ErrWrongKey", name, err)
		}
	}
	f.keys = ban.Keys{newKey, testKeys[0]}
	f.Store = nil
	f.reopen(t)
	holds("after reopening")

	// A ban that was made with the old key is found, replaced and removed as any.
	again := f.add(t, "203.0.113.7", time.Hour)
	if list := f.list(t); len(list) != 2 {
		t.Errorf("%d bans after one was replaced, want 2", len(list))
	}
	if got, err := f.Remove(parse(t, "203.0.113.7"), ban.ScopeAll, "root"); err != nil || got != again {
		t.Errorf("Remove = %+v, %v; want %+v", got, err, again)
	}
	if n, err := f.Offences([]ban.Target{parse(t, "203.0.113.8")}); err != nil || n != 1 {
		t.Errorf("Offences = %d, %v; want 1", n, err)
	}
	if _, err := f.Add(ban.Entry{Target: ban.TargetOf(old)}); err != nil || !f.banned("203.0.113.9") {
		t.Errorf("a pseudonym of the old key cannot be banned: %v", err)
	}
}

func TestPseudonym(t *testing.T) {
	f := open(t)
	for _, tt := range []struct{ addr, same, other string }{
		{"203.0.113.7", "::ffff:203.0.113.7", "203.0.113.8"},
		{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"},
	} {
		p := f.Pseudonym(netip.MustParseAddr(tt.addr))
		if same := f.Pseudonym(netip.MustParseAddr(tt.same)); same != p {
			t.Errorf("%s and %s have the pseudonyms %v and %v", tt.addr, tt.same, p, same)
		}
		read, err := ban.ParsePseudonym(p.String())
		if err != nil || read != p {
			t.Fatalf("%v is read as %v, %v", p, read, err)
		}
		target := ban.TargetOf(read)
		for addr, want := range map[string]bool{tt.addr: true, tt.same: true, tt.other: false} {
			if got := f.Covers(target, netip.MustParseAddr(addr)); got != want {
				t.Errorf("Covers(%s) = %v, want %v", addr, got, want)
			}
		}
		if _, err := f.Add(ban.Entry{Target: target, Reason: "reported", Report: "abc"}); err != nil {
			t.Fatal(err)
		}
		f.reopen(t)
		if !f.banned(tt.addr) || !f.banned(tt.same) || f.banned(tt.other) {
			t.Errorf("banned: %s %v, %s %v, %s %v", tt.addr, f.banned(tt.addr), tt.same, f.banned(tt.same), tt.other, f.banned(tt.other))
		}
	}
	p := f.Pseudonym(netip.MustParseAddr("203.0.113.7")).String()
	for _, text := range []string{"", "1", "0" + p[1:], "x" + p[1:], p + "0", p[:len(p)-1], "1:prefix:" + p[len("1:address:"):]} {
		if got, err := ban.ParsePseudonym(text); !errors.Is(err, ban.ErrInvalid) {
			t.Errorf("ParsePseudonym(%q) = %v, %v; want ErrInvalid", text, got, err)
		}
	}
	foreign, err := ban.ParsePseudonym("7" + p[1:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Add(ban.Entry{Target: ban.TargetOf(foreign)}); !errors.Is(err, ban.ErrInvalid) {
		t.Errorf("Add of a pseudonym whose key is unknown: %v, want ErrInvalid", err)
	}
}
