package client_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
)

// challenge is what the fixture's site says to who wants a video chat.
func challenge(now time.Time) any {
	return client.AgeError{URL: "https://age.example/?state=x", State: "x", Nonce: "secret", Expires: now.Add(time.Minute)}
}

// admit takes one pass.
func admit(answer json.RawMessage, _ time.Time) error {
	if string(answer) != `{"pass":"good"}` {
		return errors.New("pass: not ours")
	}
	return nil
}

func TestProofOfAge(t *testing.T) {
	f := newFixture(t, time.Minute)
	find := map[string]any{"type": "find", "mode": "video"}
	grown := f.dial(client.Options{Pass: "good"})
	f.send(grown, find)
	f.expect(grown, "waiting")

	c := f.dial(client.Options{})
	f.send(c, find)
	_, err := c.Receive(t.Context())
	wanted, ok := errors.AsType[*client.AgeError](err)
	if !ok || wanted.URL != "https://age.example/?state=x" || wanted.State != "x" || wanted.Nonce != "secret" || wanted.Expires.IsZero() {
		t.Errorf("without a pass: %v", err)
	} else if text := err.Error(); !strings.Contains(text, wanted.URL) || strings.Contains(text, wanted.Nonce) {
		t.Errorf("the error says %q", text)
	}

	c = f.dial(client.Options{Pass: "bad"}) // which is shown once
	f.send(c, find)
	if m := f.expect(c, "error"); m.Code != "pass_refused" {
		t.Errorf("error = %+v", m)
	}
	if _, err := c.Receive(t.Context()); !errors.As(err, &wanted) {
		t.Errorf("with a bad pass: %v", err)
	}
	if issued := f.Stats().Passes["issued"]; issued != 4 {
		t.Errorf("%d challenges", issued)
	}
}
