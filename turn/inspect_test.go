package turn_test

import (
	"testing"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

func TestOpenAllocationsOfAccountsAreListed(t *testing.T) {
	f := newFixture(t, openOptions(nil))
	conn, err := f.dial(t, "tcp", turn.Credentials{Username: "static", Password: "password"}).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	list := f.Allocations()
	if len(list) != 1 || list[0].User != "static" || list[0].Session != (ident.Session{}) || list[0].Relayed.String() != conn.LocalAddr().String() {
		t.Fatalf("Allocations = %+v", list)
	}
	for _, transport := range turn.Transports() {
		want := 0
		if transport == "tcp" {
			want = 1
		}
		if got := f.Stats().ByTransport[transport].Allocations; got != want {
			t.Errorf("%d allocations over %s, want %d", got, transport, want)
		}
	}
	if !f.Kill(list[0].Relayed) || f.Stats().Allocations != 0 || f.Stats().ByTransport["tcp"].Allocations != 0 {
		t.Errorf("after Kill: %+v", f.Stats())
	}
}
