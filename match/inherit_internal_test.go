package match

import (
	"maps"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// The parts of a handover are handovers, none too large, and have all of it together.
func TestSplitHandover(t *testing.T) {
	if parts, err := SplitHandover(nil, 1000); parts != nil || err != nil {
		t.Errorf("of nothing: %d parts, %v", len(parts), err)
	}
	if _, err := SplitHandover([]byte("nonsense"), 1000); err == nil {
		t.Error("nonsense was split")
	}
	whole := &handover{made: time.Unix(1_800_000_000, 0), spread: 2 * time.Second, sealed: map[handedName][]byte{}}
	for range 100 {
		_, hash := newResumeToken("")
		name, sealed := handed{handedChat: handedChat{Session: ident.NewSession(), Partner: ident.NewSession()}}.seal(hash)
		whole.sealed[name] = sealed
	}
	for _, most := range []int{1, 1000, 1 << 20} {
		parts, err := SplitHandover(whole.encode(), most)
		if err != nil {
			t.Fatal(err)
		}
		all := map[handedName][]byte{}
		for _, part := range parts {
			o, err := parseHandover(part)
			if err != nil || !o.made.Equal(whole.made) || o.spread != whole.spread || len(part) > most && len(o.sealed) > 1 {
				t.Fatalf("a part of %d bytes, of %d at most: %v, %+v", len(part), most, err, o)
			}
			maps.Copy(all, o.sealed)
		}
		if !maps.EqualFunc(all, whole.sealed, func(a, b []byte) bool { return string(a) == string(b) }) {
			t.Errorf("%d parts of %d bytes have %d records, not the %d there were", len(parts), most, len(all), len(whole.sealed))
		}
	}
}
