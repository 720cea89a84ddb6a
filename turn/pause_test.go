package turn_test

import (
	"testing"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// While the relay pauses, calls go on, and sessions in a pair may allocate: nobody else.
func TestPause(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b := f.visit(t, "udp"), f.visit(t, "udp")
	alone := f.raw(t, f.Admit(ident.NewSession(), loopback))
	moved := f.raw(t, f.Admit(a.id, loopback)) // a's client, in another network
	pair := f.mustJoin(t, a, b)
	f.Pause(true)
	mutual(t, a, b)
	a.send(t, b, "hello")
	b.expect(t, a, "hello")
	moved.mustAllocate()
	refused := func(c *raw) {
		t.Helper()
		c.challenge()
		if err := c.refused(c.do(allocate, overUDP), allocate, stun.CodeInsufficientCapacity, true); err != nil {
			t.Error(err)
		}
	}
	refused(alone)
	f.Part(pair)
	refused(f.raw(t, f.Admit(a.id, loopback)))
	if n := f.Stats().Allocations; n != 3 {
		t.Errorf("%d allocations, want the two and one more", n)
	}
	f.Pause(false)
	f.raw(t, f.Admit(ident.NewSession(), loopback)).mustAllocate()
}

// In open mode users of other programs have no pair.
func TestPauseIsForAccountsToo(t *testing.T) {
	f := newFixture(t, openOptions(nil))
	f.Pause(true)
	c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
	c.challenge()
	if err := c.refused(c.do(allocate, overUDP), allocate, stun.CodeInsufficientCapacity, true); err != nil {
		t.Error(err)
	}
}
