package client_test

import (
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/ident"
)

func TestResume(t *testing.T) {
	f := newFixture(t, time.Minute)
	a, b := f.dial(client.Options{}), f.dial(client.Options{})
	find := map[string]any{"type": "find", "mode": "text"}
	f.send(a, find)
	f.expect(a, "waiting")
	f.send(b, find)
	pair := f.expect(a, "matched").Pair
	f.expect(b, "matched")

	a.CloseNow()
	for _, id := range []string{"1", "2"} {
		f.send(b, map[string]any{"type": "text", "pair": pair, "id": id, "body": "are you there?"})
		f.expect(b, "sent")
	}
	before := a.Welcome()
	same, err := a.Resume(t.Context())
	if err != nil || !same {
		t.Fatalf("Resume() = %v, %v", same, err)
	}
	if after := a.Welcome(); after.Session != before.Session || after.Resume == before.Resume {
		t.Errorf("Welcome() = %+v after %+v", after, before)
	}
	for _, id := range []string{"1", "2"} {
		if m := f.expect(a, "text"); m.ID != id {
			t.Errorf("text = %+v, want %s", m, id)
		}
	}
	f.send(a, map[string]any{"type": "text", "pair": pair, "id": "3", "body": "yes"})
	f.expect(a, "sent")
	f.expect(b, "text")

	// Another process takes the session over.
	c := f.dial(client.Options{ResumeToken: a.Welcome().Resume, Ack: 7})
	if c.Welcome().Session != before.Session {
		t.Error("Dial with a token opened another session")
	}
	for err == nil {
		_, err = a.Receive(t.Context())
	}
	if closeCode(err) != 4501 {
		t.Errorf("Receive() = %v, want 4501", err)
	}
}

func TestResumeTooLate(t *testing.T) {
	f := newFixture(t, time.Nanosecond)
	a := f.dial(client.Options{})
	before := a.Welcome()
	a.CloseNow()
	f.online(0)
	same, err := a.Resume(t.Context())
	if err != nil || same || a.Welcome().Session == before.Session {
		t.Fatalf("Resume() = %v, %v; want a new session", same, err)
	}
	f.send(a, map[string]any{"type": "find", "mode": "text"})
	if m := f.expect(a, "waiting"); m.Seq != 2 {
		t.Errorf("waiting = %+v, want number 2", m)
	}
}

// What a resume brought and nobody has read yet is not part of the next session.
func TestResumeDropsTheOldSession(t *testing.T) {
	f := newFixture(t, time.Minute)
	a, b := f.dial(client.Options{}), f.dial(client.Options{})
	find := map[string]any{"type": "find", "mode": "text"}
	f.send(a, find)
	f.expect(a, "waiting")
	f.send(b, find)
	pair := f.expect(a, "matched").Pair
	f.expect(b, "matched")
	a.CloseNow()
	f.send(b, map[string]any{"type": "text", "pair": pair, "id": "1", "body": "are you there?"})
	f.expect(b, "sent")
	if same, err := a.Resume(t.Context()); err != nil || !same {
		t.Fatalf("Resume() = %v, %v", same, err)
	}
	id, err := ident.ParseSession(a.Welcome().Session)
	if err != nil || !f.Kick(id, "") {
		t.Fatal("no session to kick", err)
	}
	if same, err := a.Resume(t.Context()); err != nil || same {
		t.Fatalf("Resume() = %v, %v; want a new session", same, err)
	}
	f.send(a, find)
	f.expect(a, "waiting")
}
