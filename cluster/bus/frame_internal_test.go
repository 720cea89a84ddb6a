package bus

import (
	"bytes"
	"errors"
	"testing"
)

var (
	testKey = bytes.Repeat([]byte{7}, keySize)
	ada     = Incarnation{1}
	bob     = Incarnation{2}
)

// build returns a frame that is ready to be sealed.
func build(to Incarnation, first uint64, name string, messages ...message) []byte {
	b := appendHead(nil, to, first, name)
	for _, m := range messages {
		b = m.appendTo(b)
	}
	return b
}

func TestFrameGoesOutAndComesIn(t *testing.T) {
	said := []message{
		{class: plain, kind: 3, payload: []byte("hello")},
		{class: question, kind: 255, id: 1 << 60},
		{class: answer, id: 9, payload: make([]byte, MaxPayload)},
	}
	sealer, opener := newSealer(testKey, ada), newOpener(testKey, channel("b"))
	for range 2 {
		sealed := sealer.seal(build(bob, 41, "a", said...), associated(channel("b")))
		from, f, err := opener.open(sealed)
		if err != nil || from != ada || f.to != bob || f.first != 41 || f.name != "a" || f.count != 3 {
			t.Fatalf("heard %v from %v: %v", f, from, err)
		}
		rest := f.messages
		for i, want := range said {
			var got message
			if got, rest, err = next(rest); err != nil || got.class != want.class || got.kind != want.kind || got.id != want.id || !bytes.Equal(got.payload, want.payload) {
				t.Errorf("message %d is %v, %v", i, got, err)
			}
		}
	}
}

func TestFrameIsRefused(t *testing.T) {
	sealed := func(b []byte) []byte { return newSealer(testKey, ada).seal(b, associated(channel("b"))) }
	good := sealed(build(bob, 1, "a", message{payload: []byte("x")}))
	tests := map[string]struct {
		frame []byte
		want  error
	}{
		"empty":               {nil, errFrame},
		"another version":     {append([]byte{2}, good[1:]...), errFrame},
		"cut short":           {good[:len(good)-1], errSeal},
		"another sender":      {append([]byte{version, 9}, good[2:]...), errSeal},
		"a bit flipped":       {append(append([]byte{}, good[:40]...), append([]byte{good[40] ^ 1}, good[41:]...)...), errSeal},
		"another key":         {newSealer(make([]byte, keySize), ada).seal(build(bob, 1, "a"), associated(channel("b"))), errSeal},
		"another channel":     {newSealer(testKey, ada).seal(build(bob, 1, "a"), associated(channel("c"))), errSeal},
		"no name":             {sealed(build(bob, 1, "")), errFrame},
		"number zero":         {sealed(build(bob, 0, "a")), errFrame},
		"number too high":     {sealed(build(bob, maxNumber+1, "a")), errFrame},
		"half a message":      {sealed(append(build(bob, 1, "a"), 0, 0, 0)), errFrame},
		"half a payload":      {sealed(append(build(bob, 1, "a"), 0, 0, 0, 0, 0, 2, 'x')), errFrame},
		"question without id": {sealed(append(build(bob, 1, "a"), byte(question), 0, 0, 0, 0, 0)), errFrame},
		"unknown class":       {sealed(append(build(bob, 1, "a"), byte(classes), 0, 0, 0, 0, 0)), errFrame},
		"payload too large":   {sealed(build(bob, 1, "a", message{payload: make([]byte, MaxPayload+1)})), errFrame},
	}
	for name, test := range tests {
		if _, _, err := newOpener(testKey, channel("b")).open(bytes.Clone(test.frame)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func FuzzFrame(f *testing.F) {
	for _, b := range [][]byte{
		build(bob, 1, "a"),
		build(Incarnation{}, 5, "node-1", message{kind: 1, payload: []byte("x")}, message{class: question, id: 3}),
		build(bob, maxNumber, "a", message{class: refusal, id: 1, payload: []byte("no")}),
	} {
		f.Add(b[clearSize:])
		f.Add(newSealer(testKey, ada).seal(b, associated(channel("b"))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opener := newOpener(testKey, channel("b"))
		if _, _, err := opener.open(bytes.Clone(b)); err != nil && opener.known.Len() != 0 && errors.Is(err, errSeal) {
			t.Error("who sealed nothing is remembered")
		}
		got, err := parse(bytes.Clone(b))
		if err != nil {
			return
		}
		again := appendHead(nil, got.to, got.first, got.name)
		count := 0
		for rest := got.messages; len(rest) > 0; count++ {
			var m message
			if m, rest, err = next(rest); err != nil {
				t.Fatal("what was checked cannot be read:", err)
			}
			again = m.appendTo(again)
		}
		if count != got.count || !bytes.Equal(again[clearSize:], b) {
			t.Errorf("written again it is %x", again[clearSize:])
		}
	})
}
