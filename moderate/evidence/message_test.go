package evidence_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/joingyd/joingyd/moderate/evidence"
)

func TestMessage(t *testing.T) {
	var identities []evidence.Identity
	var lines []string
	for range 2 {
		key, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		some, err := evidence.ParseIdentities(strings.NewReader(key.String()), nil)
		if err != nil {
			t.Fatal(err)
		}
		identities, lines = append(identities, some...), append(lines, key.Recipient().String())
	}
	recipients, err := evidence.ParseRecipients(lines[:1])
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := evidence.SealMessage([]byte("203.0.113.9"), recipients)
	if err != nil || bytes.Contains(sealed, []byte("203.0.113.9")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if plain, err := evidence.OpenMessage(sealed, identities[1], identities[0]); err != nil || string(plain) != "203.0.113.9" {
		t.Errorf("%q, %v", plain, err)
	}
	for name, test := range map[string]struct {
		sealed []byte
		keys   []evidence.Identity
		want   error
	}{
		"no key":        {sealed, nil, evidence.ErrWrongKey},
		"another's key": {sealed, identities[1:], evidence.ErrWrongKey},
		"cut off":       {sealed[:len(sealed)-1], identities, evidence.ErrDamaged},
		"changed":       {append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1), identities, evidence.ErrDamaged},
		"nothing":       {nil, identities, evidence.ErrDamaged},
	} {
		if plain, err := evidence.OpenMessage(test.sealed, test.keys...); !errors.Is(err, test.want) || plain != nil {
			t.Errorf("%s: %q, %v; want %v", name, plain, err, test.want)
		}
	}
	if _, err := evidence.SealMessage([]byte("x"), nil); !errors.Is(err, evidence.ErrNoRecipients) {
		t.Errorf("for nobody: %v", err)
	}
	if _, err := evidence.SealMessage(make([]byte, evidence.MaxMessage+1), recipients); !errors.Is(err, evidence.ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

func BenchmarkSealMessage(b *testing.B) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	recipients, err := evidence.ParseRecipients([]string{key.Recipient().String()})
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 200)
	for b.Loop() {
		if _, err := evidence.SealMessage(message, recipients); err != nil {
			b.Fatal(err)
		}
	}
}
