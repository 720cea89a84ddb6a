package turn

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// hold joins the two under a lease, and binds their channels.
func (x *exchange) hold(holder string, lasts time.Duration) {
	x.t.Helper()
	x.Part(x.pair)
	x.pair = ident.NewPair()
	if err := x.JoinHeld(holder, lasts, x.pair, x.sessions[0], x.sessions[1]); err != nil {
		x.t.Fatal(err)
	}
	for i := range x.relays {
		x.relays[i].grants = grants{}
		x.bind(i)
	}
}

func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newExchange(t, Options{})
		const lasts = 5 * time.Second
		x.hold("home", lasts)
		check := func(when string, want bool) {
			t.Helper()
			pairs := 0
			if want {
				pairs = 1
			}
			if x.passes(0) != want || x.passes(1) != want || x.Stats().Pairs != pairs {
				t.Errorf("%s: passes is %v, %d pairs", when, !want, x.Stats().Pairs)
			}
		}
		check("at first", true)
		time.Sleep(lasts - 1)
		check("before it lapses", true)
		x.Renew("home", lasts)
		time.Sleep(lasts - 1)
		check("after it was renewed", true)
		x.Renew("another", lasts)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		check("lapsed", false)
		if err := x.Join(ident.NewPair(), x.sessions[0], x.sessions[1]); err != ErrPaired {
			t.Errorf("Join of a suspended pair's sides: %v", err)
		}
		for i := range x.relays {
			x.bind(i) // a client that refreshes meanwhile
			x.bind(i)
		}
		check("refreshed while it is suspended", false)
		x.Renew("home", lasts)
		check("renewed at last", true)
		time.Sleep(lasts)
		synctest.Wait()
		check("lapsed again", false)

		// A pair that begins then waits for the next Renew.
		more := [2]ident.Session{ident.NewSession(), ident.NewSession()}
		for _, id := range more {
			x.Admit(id, x.relays[0].client.Addr())
		}
		other := ident.NewPair()
		if err := x.JoinHeld("home", lasts, other, more[0], more[1]); err != nil {
			t.Fatal(err)
		}
		check("one more", false)
		x.Renew("home", lasts)
		if n := x.Stats().Pairs; n != 2 {
			t.Errorf("%d pairs after Renew, want 2", n)
		}
		x.Part(other)
		x.Part(x.pair)
		x.Renew("home", lasts)
		if x.passes(0) || len(x.leases) != 0 {
			t.Errorf("after Part: passes is %v, %d leases", x.passes(0), len(x.leases))
		}
		time.Sleep(2 * lasts)
		x.Close()
	})
}

// What a suspended pair was granted lives through a refresh of a part of it.
func TestLeaseKeepsGrants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newExchange(t, Options{})
		x.hold("home", time.Second)
		second := x.allocate(x.sessions[1], x.relays[1].client)
		p := x.relays[0].owner.Load().pair.Load()
		time.Sleep(2 * time.Second)
		x.relays[0].grants.bind(x.instant(), 0x4009, second.addr, p)
		x.Renew("home", time.Second)
		if !x.passes(0) {
			t.Error("the first permission was lost")
		}
		x.Part(x.pair)
		x.relays[0].grants.permit(x.instant(), nil, nil)
		if n := len(x.relays[0].grants.permissions); n != 0 {
			t.Errorf("%d permissions outlived the pair", n)
		}
		x.Close()
	})
}
