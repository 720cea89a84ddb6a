package turn_test

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// gateCases are what pion alone gets wrong. Each returns what is wrong.
var gateCases = map[string]func(*testing.T, *fixture) error{
	"437 for Refresh without an allocation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(refresh), refresh, stun.CodeAllocMismatch, true)
	},
	"437 for CreatePermission without an allocation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(permission, peer(netip.MustParseAddrPort("198.18.1.1:1"))), permission, stun.CodeAllocMismatch, true)
	},
	"437 for ChannelBind without an allocation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(channel, attr(stun.AttrChannelNumber, 0x40, 0, 0, 0), peer(netip.MustParseAddrPort("198.18.1.1:1"))), channel, stun.CodeAllocMismatch, true)
	},
	"437 for Allocate on another user's 5-tuple": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		c.creds = f.Admit(ident.NewSession(), loopback)
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeAllocMismatch, true)
	},
	"401 for a wrong password": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.creds.Password = "guess"
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeUnauthorized, false)
	},
	"401 for an unknown user": func(t *testing.T, f *fixture) error {
		c := f.raw(t, turn.Credentials{Username: "4000000000:nobody", Password: "guess"})
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeUnauthorized, false)
	},
	"401 for CreatePermission without credentials": func(t *testing.T, f *fixture) error {
		c := f.raw(t, turn.Credentials{})
		bare, _ := stun.Build(stun.TransactionID, permission, peer(netip.MustParseAddrPort("198.18.1.1:1")))
		return c.refused(c.roundTrip(bare.Raw), permission, stun.CodeUnauthorized, false)
	},
	"403 for a denied CreatePermission": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		return c.refused(c.do(permission, peer(netip.MustParseAddrPort("10.0.0.1:80"))), permission, stun.CodeForbidden, true)
	},
	"403 for a denied ChannelBind": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		return c.refused(c.do(channel, attr(stun.AttrChannelNumber, 0x40, 0, 0, 0), peer(netip.MustParseAddrPort("10.0.0.1:80"))), channel, stun.CodeForbidden, true)
	},
	"403 for an Allocate from a banned address": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.challenge()
		f.banned.Store(true)
		return c.refused(c.do(allocate, overUDP), allocate, stun.CodeForbidden, true)
	},
	"441 for another user on a live 5-tuple, who ends nothing": func(t *testing.T, f *fixture) error {
		id := ident.NewSession()
		c := f.raw(t, f.Admit(id, loopback))
		relayed := c.mustAllocate()
		c.creds = f.Admit(ident.NewSession(), loopback)
		err := c.refused(c.do(refresh, attr(stun.AttrLifetime, 0, 0, 0, 0)), refresh, stun.CodeWrongCredentials, true)
		if !f.Owns(id, relayed) {
			err = errors.Join(err, errors.New("another user ended the allocation"))
		}
		return err
	},
	"442 for a TCP relay": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(allocate, attr(stun.AttrRequestedTransport, 6, 0, 0, 0)), allocate, stun.CodeUnsupportedTransProto, true)
	},
	"440 for an IPv6 relay": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(allocate, overUDP, attr(stun.AttrRequestedAddressFamily, 2, 0, 0, 0)), allocate, stun.CodeAddrFamilyNotSupported, true)
	},
	"420 for an attribute that must be understood": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return c.refused(c.do(allocate, overUDP, attr(0x7abc, 1)), allocate, stun.CodeUnknownAttribute, true)
	},
	"508 for a reservation": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		return errors.Join(
			c.refused(c.do(allocate, overUDP, attr(stun.AttrEvenPort, 0x80)), allocate, stun.CodeInsufficientCapacity, true),
			c.refused(c.do(allocate, overUDP, attr(stun.AttrReservationToken, 1, 2, 3, 4, 5, 6, 7, 8)), allocate, stun.CodeInsufficientCapacity, true),
		)
	},
	"400 for an address of zero length": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		return c.refused(c.do(permission, attr(stun.AttrXORPeerAddress)), permission, stun.CodeBadRequest, true)
	},
	"what follows MESSAGE-INTEGRITY is ignored": func(t *testing.T, f *fixture) error {
		id := ident.NewSession()
		c := f.raw(t, f.Admit(id, loopback))
		relayed := c.mustAllocate()
		m := c.build(refresh)
		m.Add(stun.AttrLifetime, []byte{0, 0, 0, 0}) // pion ends the allocation
		answer := c.roundTrip(m.Raw)
		if answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			return fmt.Errorf("Refresh: %v", answer)
		}
		if !f.Owns(id, relayed) {
			return errors.New("an unprotected LIFETIME ended the allocation")
		}
		return nil
	},
	"R3: one bad peer among good ones, and none is installed": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		own := c.mustAllocate()
		bad := netip.MustParseAddrPort("10.0.0.1:80")
		return c.refused(c.do(permission, peer(own), peer(bad), peer(own)), permission, stun.CodeForbidden, true)
	},
	"an expired credential refreshes what it made": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		f.ahead.Store(int64(2 * time.Hour))
		if answer := c.do(refresh); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			return fmt.Errorf("Refresh: %v", answer)
		}
		return nil
	},
	"unauthenticated answers are bounded": func(t *testing.T, f *fixture) error {
		c := f.raw(t, turn.Credentials{})
		for range 60 {
			bare, _ := stun.Build(stun.TransactionID, stun.BindingRequest)
			if _, err := c.conn.Write(bare.Raw); err != nil {
				return err
			}
		}
		answers := 0
		for c.receive(300*time.Millisecond) != nil {
			answers++
		}
		if answers == 0 || answers > 20 {
			return fmt.Errorf("%d of 60 were answered, want about 10", answers)
		}
		return nil
	},
}

// openGateCases are more of them, for which the masked relay has no peers.
var openGateCases = map[string]func(*testing.T, *fixture) error{
	"508 for one permission too many": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		for i := range 2 {
			var peers []stun.Setter
			for j := range 64 {
				peers = append(peers, peer(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(i), byte(j + 1)}), 9)))
			}
			if answer := c.do(permission, peers...); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
				return fmt.Errorf("the first 128: %v", answer)
			}
		}
		return c.refused(c.do(permission, peer(netip.MustParseAddrPort("127.0.9.9:9"))), permission, stun.CodeInsufficientCapacity, true)
	},
	"508 for one channel too many": func(t *testing.T, f *fixture) error {
		c := f.raw(t, f.Admit(ident.NewSession(), loopback))
		c.mustAllocate()
		bind := func(i int) *stun.Message {
			return c.do(channel, attr(stun.AttrChannelNumber, 0x40, byte(i), 0, 0), peer(netip.AddrPortFrom(loopback, uint16(1000+i))))
		}
		for i := range 128 {
			if answer := bind(i); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
				return fmt.Errorf("channel %d: %v", i, answer)
			}
		}
		return c.refused(bind(128), channel, stun.CodeInsufficientCapacity, true)
	},
}

// Both modes behave alike.
func TestGate(t *testing.T) {
	run := func(mode string, opts turn.Options, cases map[string]func(*testing.T, *fixture) error) {
		for name, test := range cases {
			t.Run(mode+"/"+name, func(t *testing.T) {
				f := newFixture(t, opts)
				if err := test(t, f); err != nil {
					t.Error(err)
				}
			})
		}
	}
	run("masked", turn.Options{}, gateCases)
	run("open", openOptions(nil), gateCases)
	run("open", openOptions(nil), openGateCases)
}

// Without the gate every case fails in pion, or it would prove nothing.
func TestGateOff(t *testing.T) {
	cases := maps.Clone(gateCases)
	maps.Copy(cases, openGateCases)
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, turn.Ungated(openOptions(nil)))
			f.patience = 300 * time.Millisecond // pion alone is often silent
			if err := test(t, f); err == nil {
				t.Error("pion alone gets this right: the case does not test the gate")
			} else {
				t.Logf("pion alone: %v", err)
			}
		})
	}
}
