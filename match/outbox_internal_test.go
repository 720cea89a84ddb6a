package match

import (
	"bytes"
	"testing"
)

// What was said is zeroed as soon as the client is known to have it, and when the
// session is over.
func TestOutboxForgetsWhatWasSaid(t *testing.T) {
	var o outbox
	for _, body := range []string{"first secret", "second secret", "third secret"} {
		o.push(&textMessage{head: head{Type: "text"}, Pair: "pair", ID: "1", Body: body})
	}
	held := append([][]byte(nil), o.unacked...)
	zeroed := func(i int) bool { return bytes.Count(held[i], []byte{0}) == len(held[i]) }

	out, ok := o.copyNext(newBuffer(0), 1)
	if !ok || !bytes.Equal(out.b, held[1]) {
		t.Errorf("after 1: %q", out.b)
	}
	if !o.ack(2) || !zeroed(0) || !zeroed(1) || zeroed(2) {
		t.Errorf("after ack(2): %q", held)
	}
	if !bytes.Contains(out.b, []byte("second secret")) {
		t.Error("what is being written was zeroed")
	}
	if out, ok = o.copyNext(out, 1); ok {
		t.Error("a message that was forgotten comes again")
	}
	out.free()
	if o.ack(1) || o.ack(4) || o.newest() != 3 || o.pending() != 1 {
		t.Errorf("newest %d, %d pending", o.newest(), o.pending())
	}
	if o.forget(); !zeroed(2) || o.bytes != 0 || o.unacked != nil {
		t.Errorf("after forget: %q, %d bytes", held[2], o.bytes)
	}
}

// A message that was encoded ahead reads as one that was not.
func TestPrepared(t *testing.T) {
	for _, seq := range []uint64{1, 10, 1 << 63} {
		m := func() serverMessage {
			return &textMessage{head: head{Type: "text"}, Pair: `"seq":0`, ID: "1", Body: `x "seq":0`}
		}
		direct, ahead := m(), prepare(m())
		direct.number(seq)
		ahead.number(seq)
		if got, want := string(ahead.encode()), string(encode(direct)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
