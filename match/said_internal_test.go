package match

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// The last lines are kept, within both bounds; what is forgotten is cleared.
func TestSaidIsBounded(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		kept int
	}{
		"many":  {"hello", LinesKept},
		"long":  {strings.Repeat("x", 2000), LinesKeptBytes / 2000},
		"wider": {strings.Repeat("𝄞", 2000), 1}, // 8,000 bytes
	} {
		var s said
		from := ident.NewSession()
		for range 3 * LinesKept {
			s.keep(s.next(from, time.Now(), test.body))
		}
		lines := s.all()
		if len(lines) != test.kept || s.bytes != test.kept*len(test.body) {
			t.Fatalf("%s: %d lines and %d bytes are kept, want %d lines", name, len(lines), s.bytes, test.kept)
		}
		for i, line := range lines {
			if want := uint64(3*LinesKept - len(lines) + 1 + i); line.Order != want || line.Body != test.body || line.From != from {
				t.Errorf("%s: line %d is number %d, want %d", name, i, line.Order, want)
			}
		}
		first := s.lines[0].body
		s.keep(s.next(from, time.Now(), test.body))
		last := s.lines[len(s.lines)-1].body
		s.forget()
		if len(bytes.Trim(first, "\x00")) != 0 || len(bytes.Trim(last, "\x00")) != 0 {
			t.Errorf("%s: what was said is still there", name)
		}
		if next := s.next(from, time.Now(), ""); next.Order != 3*LinesKept+2 || len(s.all()) != 0 {
			t.Errorf("%s: the next is %+v", name, next)
		}
	}
}

// A proof fits one line of one chat, and nothing else.
func TestProofFitsOneLine(t *testing.T) {
	p, other := newProver(), newProver()
	pair, me, them := ident.NewPair(), ident.NewSession(), ident.NewSession()
	line := Line{From: them, Order: 7, At: time.Date(2026, 11, 29, 8, 0, 0, 123e6, time.UTC), Body: "hello"}
	shown := shownLine{From: "them", Order: line.Order, At: line.At, Body: line.Body, Proof: p.prove(pair, line)}
	if got := p.proven(pair, me, them, []shownLine{shown}); len(got) != 1 || got[0] != line {
		t.Fatalf("the line itself: %+v", got)
	}
	change := func(f func(*shownLine)) []shownLine { s := shown; f(&s); return []shownLine{s} }
	for name, got := range map[string][]Line{
		"another chat":    p.proven(ident.NewPair(), me, them, []shownLine{shown}),
		"another author":  p.proven(pair, me, ident.NewSession(), []shownLine{shown}),
		"one's own":       p.proven(pair, me, them, change(func(s *shownLine) { s.From = "me" })),
		"another place":   p.proven(pair, me, them, change(func(s *shownLine) { s.Order++ })),
		"another time":    p.proven(pair, me, them, change(func(s *shownLine) { s.At = s.At.Add(time.Millisecond) })),
		"other words":     p.proven(pair, me, them, change(func(s *shownLine) { s.Body += " you" })),
		"no proof":        p.proven(pair, me, them, change(func(s *shownLine) { s.Proof = "" })),
		"half a proof":    p.proven(pair, me, them, change(func(s *shownLine) { s.Proof = s.Proof[:11] })),
		"another process": other.proven(pair, me, them, []shownLine{shown}),
	} {
		if len(got) != 0 {
			t.Errorf("%s is taken for proven: %+v", name, got)
		}
	}
}
