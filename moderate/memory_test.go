package moderate_test

import (
	"bytes"
	"testing"

	"github.com/joingyd/joingyd/moderate"
)

// Evidence in memory is bounded, belongs to its case, and is a copy.
func TestMemory(t *testing.T) {
	m := moderate.NewMemory(100)
	seal := func(caseID string, data []byte) {
		t.Helper()
		if id, err := m.Seal(caseID, []moderate.Part{{Name: "note", Data: data}}); err != nil || len(id) != 8 {
			t.Fatalf("%q, %v", id, err)
		}
	}
	mine := bytes.Repeat([]byte("x"), 40)
	seal("a", mine)
	clear(mine)
	seal("b", bytes.Repeat([]byte("y"), 40))
	if parts := m.Parts("a"); len(parts) != 1 || parts[0].Data[0] != 'x' || m.Dropped() != 0 {
		t.Errorf("%+v", parts)
	}
	clear(m.Parts("a")[0].Data)
	if m.Parts("a")[0].Data[39] != 'x' {
		t.Error("what a reader does changes what is kept")
	}
	seal("b", bytes.Repeat([]byte("z"), 40))
	if m.Dropped() != 1 || len(m.Parts("a")) != 0 || len(m.Parts("b")) != 2 {
		t.Errorf("%d dropped, %d of a and %d of b are left", m.Dropped(), len(m.Parts("a")), len(m.Parts("b")))
	}
	if err := m.Delete("b"); err != nil || len(m.Parts("b")) != 0 {
		t.Errorf("after the end: %v, %v", m.Parts("b"), err)
	}
	seal("c", make([]byte, 101))
	if m.Dropped() != 2 || len(m.Parts("c")) != 0 {
		t.Error("more is kept than may be")
	}
	seal("d", make([]byte, 100))
	if len(m.Parts("d")) != 1 {
		t.Error("room that was given back is not used")
	}
}
