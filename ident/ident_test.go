package ident_test

import (
	"encoding/json"
	"testing"

	"github.com/joingyd/joingyd/ident"
)

func TestSessionRoundTrip(t *testing.T) {
	want := ident.NewSession()
	got, err := ident.ParseSession(want.String())
	if err != nil || got != want {
		t.Fatalf("ParseSession(%q) = %v, %v; want %v", want, got, err, want)
	}
	if want.IsZero() || !(ident.Session{}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestSessionInJSON(t *testing.T) {
	want := ident.NewSession()
	text, err := json.Marshal(want)
	if err != nil || string(text) != `"`+want.String()+`"` {
		t.Fatalf("Marshal = %s, %v; want %q", text, err, want)
	}
	var got ident.Session
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("Unmarshal(%s) = %v, %v", text, got, err)
	}
	if err := got.UnmarshalText([]byte("nobody")); err != ident.ErrMalformed || !got.IsZero() {
		t.Errorf("UnmarshalText of nobody: %v, %v", got, err)
	}
}

func TestPairRoundTrip(t *testing.T) {
	want := ident.NewPair()
	got, err := ident.ParsePair(want.String())
	if err != nil || got != want {
		t.Fatalf("ParsePair(%q) = %v, %v; want %v", want, got, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	good := ident.Session{}.String()
	for _, text := range []string{"", "a", good + "a", good[:25] + "1", good[:25] + "b", good[:25] + "A", "\x00" + good[1:]} {
		if _, err := ident.ParseSession(text); err != ident.ErrMalformed {
			t.Errorf("ParseSession(%q) error = %v, want ErrMalformed", text, err)
		}
	}
}
