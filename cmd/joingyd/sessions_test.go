package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
)

// sessionList is what joingyd sessions -o json says.
func sessionList(t *testing.T, d *daemon, args ...string) (list admin.SessionList) {
	t.Helper()
	text := command(t, d, append([]string{"sessions", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return list
}

func TestSessionsCommand(t *testing.T) {
	d := startDaemon(t, nil)
	if text := command(t, d, "sessions"); text != "no sessions\n" {
		t.Errorf("sessions of nobody: %q", text)
	}
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	idle := newCaller(t, d, "127.0.0.4")
	meet(t, a, b, "video")
	call(t, a, b)
	a.sendJSON(map[string]any{"type": "report", "pair": a.pair, "reason": "spam"})
	a.expect("reported")

	text := command(t, d, "sessions")
	for _, want := range []string{"SESSION ", a.welcome.Session + "  chatting  video  ", idle.welcome.Session + "  idle      -      ", "  127.0.0.0/24  "} {
		if !strings.Contains(text, want) {
			t.Errorf("sessions lacks %q:\n%s", want, text)
		}
	}
	for _, secret := range []string{"127.0.0.2", a.pair, "testing"} { // address, pair, interest
		if strings.Contains(text, secret) || strings.Contains(command(t, d, "sessions", "-o", "json"), secret) {
			t.Errorf("sessions tells %s:\n%s", secret, text)
		}
	}

	list := sessionList(t, d, "--sort", "reports", "--limit", "1")
	if len(list.Sessions) != 1 || list.Total != 3 {
		t.Fatalf("--limit 1: %+v", list)
	}
	s := list.Sessions[0]
	if s.ID.String() != b.welcome.Session || s.Reports != 1 || s.State != admin.SessionChatting || s.Mode != "video" || s.Network.String() != "127.0.0.0/24" {
		t.Errorf("the reported one: %+v", s)
	}
	// Its WebSocket came from 127.0.0.3, its relay's client from 127.0.0.1.
	if s.Addresses != 2 || s.Allocations == 0 || s.Received.Packets == 0 || s.Received.Bytes < s.Received.Packets {
		t.Errorf("the reported one relays: %+v", s)
	}
	if text := command(t, d, "sessions", "--limit", "2"); !strings.HasSuffix(text, "\n2 of 3 sessions; --limit shows more\n") {
		t.Errorf("--limit 2:\n%s", text)
	}
	if list := sessionList(t, d, "--state", "idle"); list.Total != 1 || list.Sessions[0].ID.String() != idle.welcome.Session {
		t.Errorf("--state idle: %+v", list)
	}
	idle.conn.CloseNow()
	for list := sessionList(t, d, "--state", "away"); list.Total != 1; list = sessionList(t, d, "--state", "away") {
		if t.Context().Err() != nil {
			t.Fatal("nobody is away")
		}
	}
}

func TestSessionText(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		s    admin.Session
		want string
	}{
		{admin.Session{State: admin.SessionIdle, Since: now.Add(-40 * time.Second)}, "idle, 40s old"},
		{admin.Session{State: admin.SessionChatting, Mode: "video", Since: now.Add(-12 * time.Minute), Reports: 1}, "chatting (video), 12m old, 1 report"},
		{admin.Session{State: admin.SessionAway, Mode: "text", Since: now, Reports: 2}, "away (text), 0s old, 2 reports"},
	} {
		if got := sessionText(tt.s, now); got != tt.want {
			t.Errorf("sessionText = %q, want %q", got, tt.want)
		}
	}
}

// complete presses Tab behind the words and returns what is offered.
func complete(t *testing.T, words ...string) (offers []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := execute(t.Context(), newRootCommand(), append([]string{"__complete"}, words...), &stdout, &stderr); status != exitDone {
		t.Fatalf("%v: exit status %d: %s", words, status, &stderr)
	}
	lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	if last := lines[len(lines)-1]; last != ":4" && last != ":36" { // no files; in this order
		t.Errorf("%v: directive %s", words, last)
	}
	return lines[:len(lines)-1]
}

func TestCompletionOffersSessions(t *testing.T) {
	d := startDaemon(t, nil)
	a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	want := []string{a.welcome.Session + "\tidle, 0s old", b.welcome.Session + "\tidle, 0s old"}
	offersOfA := want[:1]
	withoutAge := func(offers []string) (cut []string) {
		for _, offer := range offers {
			before, _, _ := strings.Cut(offer, ", ")
			cut = append(cut, before)
		}
		return cut
	}
	if got := complete(t, "kick", "-o", "json", "--socket", d.adminPath, a.welcome.Session[:20]); !slices.Equal(withoutAge(got), withoutAge(offersOfA)) {
		t.Errorf("of what begins like the first session %q are offered, want %q", got, offersOfA)
	}
	for _, words := range [][]string{
		{"kick", "--socket", d.adminPath, ""},
		{"ban", "--socket", d.adminPath, "--session", ""},
		{"relay", "show", "--socket", d.adminPath, ""},
		{"relay", "list", "--socket", d.adminPath, "--session", ""},
		{"relay", "kill", "--socket", d.adminPath, "--session", ""},
	} {
		if got := complete(t, words...); !slices.Equal(withoutAge(got), withoutAge(want)) {
			t.Errorf("%q offers %q, want %q", words, got, want)
		}
	}
	for _, words := range [][]string{ // one session is enough, or nobody is there to ask
		{"kick", "--socket", d.adminPath, a.welcome.Session, ""},
		{"kick", "--socket", d.adminPath + ".none", ""},
		{"ban", "--socket", d.adminPath + ".none", "--session", ""},
	} {
		if got := complete(t, words...); len(got) != 0 {
			t.Errorf("%q offers %q, want nothing", words, got)
		}
	}
	if got := complete(t, "sessions", "--state", ""); !slices.Equal(got, []string{"idle", "waiting", "chatting", "away"}) {
		t.Errorf("--state offers %q", got)
	}
	if got := complete(t, "sessions", "--sort", ""); !slices.Equal(got, []string{"age", "reports"}) {
		t.Errorf("--sort offers %q", got)
	}
}
