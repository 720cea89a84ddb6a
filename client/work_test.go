package client_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
)

func TestSolve(t *testing.T) {
	for bits := range 16 {
		w := client.Work{Algorithm: "SHA-256", Salt: fmt.Sprintf("salt%d", bits), Bits: bits}
		nonce, err := w.Solve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for n := range nonce + 1 {
			hash := sha256.Sum256(fmt.Append(nil, w.Salt, n))
			if solves := binary.BigEndian.Uint32(hash[:4])>>(32-bits) == 0; solves != (n == nonce) {
				t.Errorf("%d bits: nonce %d solves it: %v; Solve says %d", bits, n, solves, nonce)
			}
		}
	}
}

func TestSolveIsBounded(t *testing.T) {
	for _, w := range []client.Work{
		{Algorithm: "SHA-256", Salt: "x", Bits: 25}, {Algorithm: "scrypt", Salt: "x", Bits: 1}, {},
	} {
		if _, err := w.Solve(t.Context()); !errors.Is(err, client.ErrWork) {
			t.Errorf("%+v: %v", w, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (client.Work{Algorithm: "SHA-256", Salt: "x", Bits: 24}).Solve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Solve did not end with ctx: %v", err)
	}
}

// Challenges are no concern of who uses the package.
func TestChallengesAreAnswered(t *testing.T) {
	f := newFixture(t, time.Minute) // five sessions of an address are free of work, five more are not
	var visitors []*client.Conn
	for range 10 {
		visitors = append(visitors, f.dial(client.Options{}))
	}
	find := map[string]any{"type": "find", "mode": "text"}
	for i := 5; i < 9; i += 2 {
		a, b := visitors[i], visitors[i+1]
		f.send(a, find)
		f.expect(a, "waiting")
		f.send(b, find)
		f.send(b, find) // stopped twice, and searched for once
		pair := f.expect(b, "matched").Pair
		f.expect(a, "matched")
		f.send(b, map[string]any{"type": "text", "pair": pair, "id": "1", "body": "hello"})
		f.expect(b, "sent")
		f.expect(a, "text")
	}
	stats := f.Stats()
	if stats.Challenges["issued"] != 4 || stats.Challenges["answered"] != 4 || stats.Refused["challenge_required"] != 6 || stats.Refused["challenge_failed"] != 0 {
		t.Errorf("%+v", stats)
	}

	// A search that was given up is not taken up again.
	last := visitors[9]
	f.send(last, find)
	f.send(last, map[string]any{"type": "leave"})
	f.send(last, map[string]any{"type": "typing"})
	if m := f.expect(last, "error"); m.Code != "not_paired" {
		t.Errorf("error = %+v", m)
	}
	if n := f.Stats().Waiting; n != 0 {
		t.Errorf("%d wait", n)
	}
}
