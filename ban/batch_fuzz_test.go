package ban

import (
	"encoding/json"
	"slices"
	"testing"
)

// What another node sends is refused, or says the same when it is passed on.
func FuzzBatch(f *testing.F) {
	for _, text := range []string{
		`{"origin":"a/0011223344556677","after":3,"before":{"t":5},"to":9,"mark":{"t":7,"c":1},"items":[{"v":5,"i":{"t":7,"n":"a/0011223344556677","prefix":"192.0.2.0/24","disallow":true}}]}`,
		`{"origin":"a/0011223344556677","to":1,"items":[{"v":1,"i":{"t":7,"n":"b/0011223344556677","scope":"all","kind":"net64","of":4,"key":"0102030405060708","tag":"00112233445566778899aabbccddeeff","ban":{"id":"ty3xtol7","reason":"Spam.","until":12,"weak":true,"created":"2026-03-01T12:00:00Z"}}}]}`,
		`{"origin":"a/0011223344556677","to":1,"items":[{"v":1,"i":{"t":7,"n":"b/0011223344556677","scope":"relay","prefix":"2001:db8::/48","end":{"how":"removed","by":"root"}}}]}`,
		`{"origin":"a/0011223344556677","to":1,"items":[{"v":1,"i":{"t":7,"n":"b/0011223344556677","prefix":"2001:db8::/48","allow":{"note":"x","created":"2026-03-01T12:00:00Z"}}}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := decodeBatch(text)
		if err != nil {
			return
		}
		for n, key := range d.cells {
			if !key.valid() {
				t.Fatalf("%s: cell %x", text, string(key))
			}
			if again, err := itemOn(key).cellOnly(); err != nil || again != key {
				t.Fatalf("%s: cell %x reads as %x, %v", text, string(key), string(again), err)
			}
			if d.items[n].act(place{}).until < 0 {
				t.Fatalf("%s: it ends before time", text)
			}
		}
		passed, err := json.Marshal(d.batch)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeBatch(passed)
		if err != nil || !slices.Equal(again.cells, d.cells) || again.Origin != d.Origin || again.To != d.To {
			t.Fatalf("%s passed on as %s: %v", text, passed, err)
		}
	})
}

// cellOnly is cell for an item that does not say yet what was done.
func (i *item) cellOnly() (cellKey, error) {
	i.Origin = "a/0011223344556677"
	if i.Scope == "" {
		i.Disallow = true
	} else {
		i.End = &ending{}
	}
	return i.cell()
}

func FuzzDigest(f *testing.F) {
	f.Add("a/0011223344556677@17.0", uint64(5))
	f.Fuzz(func(t *testing.T, key string, version uint64) {
		heads, err := parseDigest(map[string]uint64{key: version})
		if err == nil && (len(heads) != 1 || !isOrigin(heads[0].Origin) || heads[0].Version != version) {
			t.Fatalf("%q: %+v", key, heads)
		}
	})
}
