package bus

import "testing"

// What is sent joins what waits: no message has memory of its own.
func TestSendAllocatesNothing(t *testing.T) {
	b, err := newBus(Options{Node: "a", Key: testKey}, newAir(0))
	if err != nil {
		t.Fatal(err)
	}
	l, err := b.link("b")
	if err != nil {
		t.Fatal(err)
	}
	l.out.writing = true // has its hands full
	payload := make([]byte, 200)
	if got := testing.AllocsPerRun(1000, func() {
		if err := b.Send("b", 1, payload); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("%v allocations a message", got)
	}
}
