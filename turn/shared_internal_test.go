package turn

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
)

func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := &Shared{User: [32]byte{1}, Secret: [32]byte{2}}
		changed := map[ident.Session]int{}
		x := newExchange(t, Options{Shared: keys, Changed: func(id ident.Session) { changed[id]++ }})
		udp := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}
		port := uint16(0)
		_, nonce := x.ask(netip.MustParseAddrPort("192.0.2.9:1"), Credentials{}, nil, stun.MethodAllocate, udp)
		allocate := func(what string, c Credentials, want stun.ErrorCode) {
			t.Helper()
			port++
			got, _ := x.ask(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.9"), port), c, nonce, stun.MethodAllocate, udp)
			if got != int(want) {
				t.Errorf("%s: Allocate: %d, want %d", what, got, want)
			}
		}
		held := func(id ident.Session, want, changes int) {
			t.Helper()
			n := x.Held(id)
			if len(n) != want || changed[id] != changes || want > 0 && !x.Owns(id, n[0]) {
				t.Errorf("%d allocations, %d changes; want %d, %d", len(n), changed[id], want, changes)
			}
		}
		end := time.Now().Add(time.Hour)
		pass := func(d time.Duration) { time.Sleep(d); synctest.Wait() }

		unheard, admitted := ident.NewSession(), ident.NewSession()
		c, a := keys.Credentials(unheard, end), keys.Credentials(admitted, end)
		allocate("a provisional session", c, 0)
		pass(time.Second)
		allocate("another", a, 0)
		allocate("another, once more", a, 0)
		held(unheard, 1, 1)
		held(admitted, 2, 2)
		if err := x.Join(ident.NewPair(), admitted, x.sessions[0]); err != ErrPaired {
			t.Errorf("Join: %v", err)
		}
		pass(provisionalLasts - time.Second)
		held(unheard, 0, 2)
		allocate("a session that nobody admitted", c, stun.CodeUnauthorized)
		if addrs := x.ClientAddrs(admitted); len(addrs) != 1 {
			t.Errorf("ClientAddrs: %v", addrs)
		}
		if own := x.Admit(admitted, netip.Addr{}); own.Username[11:] != a.Username[11:] {
			t.Errorf("Admit gives user %s, credentials say %s", own.Username, a.Username)
		} else {
			allocate("what Admit gave", own, 0)
		}
		pass(provisionalLasts)
		held(admitted, 3, 3)
		allocate("an admitted session", a, 0)
		x.Dismiss(admitted)
		allocate("a dismissed session", a, stun.CodeUnauthorized)
		x.Admit(admitted, netip.Addr{})
		allocate("a session that is back", a, 0)
		x.Admit(unheard, netip.Addr{})
		allocate("a session that was admitted too late", c, 0)

		pass(30 * time.Second) // the answers of those who guess are few
		allocate("for another relay", Shared{User: keys.User, Secret: [32]byte{3}}.Credentials(admitted, end), stun.CodeUnauthorized)
		allocate("of another user key", Shared{User: [32]byte{3}, Secret: [32]byte{4}}.Credentials(admitted, end), stun.CodeUnauthorized)
		allocate("for a later end", Credentials{Username: "9" + a.Username, Password: a.Password}, stun.CodeUnauthorized)
		allocate("of no identity", Credentials{Username: a.Username[:11] + "x", Password: a.Password}, stun.CodeUnauthorized)
		allocate("under an old end", keys.Credentials(admitted, time.Now()), stun.CodeUnauthorized)
		if n := len(x.shared.waiting); n != 0 {
			t.Errorf("%d still wait", n)
		}
		x.Close()
	})
}

// Without Options.Shared such credentials are nothing.
func TestSharedIsOff(t *testing.T) {
	x := newExchange(t, Options{})
	c := Shared{}.Credentials(ident.NewSession(), time.Now().Add(time.Hour))
	if keys, _ := x.keys(c.Username); len(keys) != 0 {
		t.Errorf("%d keys", len(keys))
	}
}
