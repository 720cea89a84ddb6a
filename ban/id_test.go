package ban

import (
	"math/rand/v2"
	"testing"
)

func TestIDRoundTrip(t *testing.T) {
	for n := range 10_000 {
		id := ID(n + 1)
		if n > 5_000 {
			id = ID(rand.Uint64N(idMask) + 1)
		}
		text := id.String()
		back, err := ParseID(text)
		if err != nil || back != id || len(text) != 8 {
			t.Fatalf("ID %d is written %q and read %d, %v", id, text, back, err)
		}
		if key, ok := idOf(id.key()); !ok || key != id {
			t.Fatalf("ID %d has the key %x, which is read %d, %v", id, id.key(), key, ok)
		}
	}
	for _, text := range []string{"", "aaaaaaa", "aaaaaaaaa", "AAAAAAAA", "aaaaaaa1", "aaaa aaa"} {
		if id, err := ParseID(text); err == nil {
			t.Errorf("ParseID(%q) = %d, want an error", text, id)
		}
	}
	if text := ID(0).String(); text != "" {
		t.Errorf("the zero ID is written %q", text)
	}
}
