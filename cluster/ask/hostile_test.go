package ask_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/cluster/ask"
	"github.com/joingyd/joingyd/cluster/bus"
)

// question is one as package doc has it.
func question(op byte, number uint64, total, offset uint32, data string) []byte {
	b := binary.BigEndian.AppendUint64([]byte{op}, number)
	b = binary.BigEndian.AppendUint32(b, total)
	return append(binary.BigEndian.AppendUint32(b, offset), data...)
}

// Questions that make no sense are refused, and leave nothing behind but what was begun.
func TestHostileQuestions(t *testing.T) {
	run(t, echo, func(t *testing.T, w *wires, _ *ask.Asker) {
		b, from := w.askers["b"], bus.Peer{Name: "x"}
		refused := func(what string, q []byte) {
			t.Helper()
			if answer, err := b.Answer(t.Context(), from, q); err == nil {
				t.Errorf("%s: %q", what, answer)
			}
		}
		refused("nothing", nil)
		refused("a short head", question(1, 1, 1, 0, "")[:16])
		refused("no data", question(1, 1, 10, 0, ""))
		refused("too large", question(1, 1, 1<<30, 0, "GET"))
		refused("more than all", question(1, 1, 2, 0, "GET"))
		refused("a part from nowhere", question(1, 1, 10, 5, "GET"))
		refused("past the end", question(1, 1, 10, 1<<31, "GET"))
		refused("another operation", question(9, 1, 0, 0, ""))
		refused("what was not asked", question(2, 1, 0, 0, ""))
		refused("no HTTP", question(1, 2, 3, 0, "abc"))
		if n := b.Waiting(); n != 0 {
			t.Errorf("%d exchanges are left", n)
		}
		if _, err := b.Answer(t.Context(), from, question(1, 3, 10, 0, "abc")); err != nil {
			t.Fatal(err)
		}
		refused("the same part", question(1, 3, 10, 0, "abc"))
		refused("a hole", question(1, 3, 10, 4, "abc"))
		refused("another size", question(1, 3, 11, 3, "abc"))
		refused("too early", question(2, 3, 0, 0, ""))
	})
}

// Nor does an answer that makes no sense do harm.
func TestHostileAnswers(t *testing.T) {
	run(t, echo, func(t *testing.T, w *wires, a *ask.Asker) {
		for what, answers := range map[string][]string{
			"a short head":    {"\x00\x00"},
			"no data":         {"\x00\x00\x00\x05"},
			"more than all":   {"\x00\x00\x00\x01HTTP"},
			"too much":        {"\x7f\x00\x00\x00HTTP"},
			"another size":    {"\x00\x00\x00\x08HTTP", "\x00\x00\x00\x09/1.1"},
			"no HTTP":         {"\x00\x00\x00\x04HTTP"},
			"before the end":  {"\x00\x00\x00\x04HTTP"},
			"no size, at all": {"\x00\x00\x00\x00HTTP"},
		} {
			w.change = func(string, []byte) ([]byte, error, bool) {
				answer := answers[0]
				answers = answers[min(1, len(answers)-1):]
				return []byte(answer), nil, true
			}
			if what == "before the end" { // of the question
				if _, _, err := post(t.Context(), a, "http://test/", strings.Repeat("x", 60<<10)); err == nil {
					t.Error("an answer to half a question was taken")
				}
				continue
			}
			if status, got, err := post(t.Context(), a, "http://test/", ""); err == nil {
				t.Errorf("%s: %d, %q", what, status, got)
			}
		}
	})
}
