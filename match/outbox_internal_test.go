package match

import "testing"

// A message that was encoded ahead reads as one that was not.
func TestPrepared(t *testing.T) {
	for _, seq := range []uint64{1, 10, 1 << 63} {
		m := func() serverMessage { return &textMessage{head{Type: "text"}, `"seq":0`, "1", `x "seq":0`} }
		direct, ahead := m(), prepare(m())
		direct.number(seq)
		ahead.number(seq)
		if got, want := string(ahead.encode()), string(encode(direct)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
