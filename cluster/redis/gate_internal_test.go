package redis

import (
	"errors"
	"testing"
)

func TestBusy(t *testing.T) {
	g, err := newGate(&Conn{})
	if err != nil {
		t.Fatal(err)
	}
	get := func() error { return g.Do(t.Context(), g.B().Get().Key("a").Build()).Error() }
	if err := get(); !errors.Is(err, ErrDown) {
		t.Errorf("without redis: %v, want ErrDown", err)
	}
	g.under.Store(maxCalls)
	if err := get(); !errors.Is(err, ErrBusy) {
		t.Errorf("with as many calls as there may be: %v, want ErrBusy", err)
	}
	for _, r := range g.DoMulti(t.Context(), g.B().Get().Key("a").Build(), g.B().Get().Key("b").Build()) {
		if !errors.Is(r.Error(), ErrBusy) {
			t.Errorf("a pipeline then: %v, want ErrBusy", r.Error())
		}
	}
	if n := g.under.Load(); n != maxCalls {
		t.Errorf("%d calls under way, want %d", n, maxCalls)
	}
	if s := g.conn.Stats(); s.Busy != 3 || s.Refused != 1 {
		t.Errorf("stats: %+v", s)
	}
}
