package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/match"
)

// newTestLoad is a load on a real hub with the stub relay.
func newTestLoad(t *testing.T) *load {
	t.Helper()
	hub := match.New(match.Options{
		Relay:   stubRelay{},
		ICEURLs: func(string) []string { return nil },
		Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Policy:  "v1", Patience: time.Hour, HelloTimeout: time.Minute, SessionsPerAddress: 1,
	})
	site := httptest.NewServer(hub)
	l := newLoad(site.URL, 300)
	t.Cleanup(func() {
		l.close()
		if err := hub.Close(context.Background()); err != nil {
			t.Error(err)
		}
		site.Close()
	})
	return l
}

func mustAnswer(t *testing.T, l *load, q question) answer {
	t.Helper()
	a, err := l.answer(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return a
}

// Everything that is sent is measured where it arrives.
func TestLoad(t *testing.T) {
	t.Chdir("../..")
	l := newTestLoad(t)
	if a := mustAnswer(t, l, question{Ask: "join", N: 8}); len(a.Samples["join"]) != 8 {
		t.Errorf("join: %+v", a)
	}
	if a := mustAnswer(t, l, question{Ask: "match", N: 2, Mode: "text"}); len(a.Samples["matched"]) != 4 {
		t.Errorf("match: %+v", a)
	}
	if a := mustAnswer(t, l, question{Ask: "chat", For: time.Millisecond}); a.Sent != 2 || len(a.Samples["text"]) != 1 || len(a.Samples["typing"]) != 1 {
		t.Errorf("chat: %+v", a)
	}
	mustAnswer(t, l, question{Ask: "match", N: 2, Mode: "video"})
	for _, v := range l.visitors {
		v.relayed = netip.MustParseAddrPort("198.18.7.7:7777") // the stub says that it owns any
	}
	a := mustAnswer(t, l, question{Ask: "call", For: time.Millisecond})
	if a.Sent != 10 || len(a.Samples["description"]) != 2 || len(a.Samples["candidate"]) != 6 || len(a.Samples["text"]) != 2 {
		t.Errorf("call: %+v", a)
	}
}

// What goes wrong is told: it must not make a figure.
func TestLoadFails(t *testing.T) {
	l := newTestLoad(t)
	mustAnswer(t, l, question{Ask: "join", N: 4})
	if _, err := l.answer(t.Context(), question{Ask: "match", N: 3, Mode: "text"}); err == nil {
		t.Error("3 pairs of 4 visitors were made")
	}
	if _, err := l.answer(t.Context(), question{Ask: "match", N: 1, Mode: "smell"}); err == nil || !strings.Contains(err.Error(), "bad_message") {
		t.Errorf("match of no mode: %v", err)
	}
	if _, err := l.answer(t.Context(), question{Ask: "allocate"}); err == nil || !strings.Contains(err.Error(), "no TURN server") {
		t.Errorf("allocate without a relay: %v", err)
	}
	for _, ask := range []string{"chat", "call"} {
		if _, err := newTestLoad(t).answer(t.Context(), question{Ask: ask, For: time.Millisecond}); err == nil {
			t.Errorf("%s without pairs was done", ask)
		}
	}
}
