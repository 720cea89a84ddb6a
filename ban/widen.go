package ban

import (
	"net/netip"
	"time"
)

// byWiden is who makes the bans of widen.
const byWiden = "auto:widen"

// A customer's network is often a /56 or a /48, in which a machine can have any
// of the /64s. widths are the steps on the way up.
var widths = []struct{ from, to int }{{64, 56}, {56, 48}}

// widen bans the prefix around what e has banned, for a time, if enough of its
// neighbours are banned in the same scope; and what is around that.
func (c *change) widen(e *Entry, after int, lasts time.Duration) (made []Ban, err error) {
	prefix := e.Target.prefix
	if after <= 0 || e.Shared || e.Imported || !prefix.Addr().Is6() {
		return nil, nil
	}
	scope := scopeNumbers[e.Scope]
	until := c.now.Add(lasts)
	for _, width := range widths {
		if prefix.Bits() != width.from {
			continue
		}
		around := netip.PrefixFrom(prefix.Addr(), width.to).Masked()
		if c.neighbours(scope, around, width.from) < after {
			break
		}
		prefix = around
		wider := rule{prefix: around}
		if end, active := c.activeOn(scope, wider); active && (end == 0 || end >= untilMillis(until)) {
			continue
		}
		r, err := c.add(&Entry{Target: Target{prefix: around}, Scope: e.Scope, Reason: e.Reason, Report: e.Report, By: byWiden, Until: until, NeverSooner: true}, []rule{wider})
		if err != nil {
			return nil, err
		}
		made = append(made, r.Ban)
	}
	return made, nil
}

// neighbours counts the active bans on the prefixes of a length inside around:
// there are 256, and each can be asked for, though their tags tell nothing of
// where they are.
func (c *change) neighbours(scope uint8, around netip.Prefix, bits int) (n int) {
	raw := around.Addr().As16()
	for i := range 256 {
		raw[bits/8-1] = byte(i)
		t := Target{prefix: netip.PrefixFrom(netip.AddrFrom16(raw), bits)}
		for _, r := range c.ring.rules(t) {
			if _, active := c.activeOn(scope, r); active {
				n++
				break
			}
		}
	}
	return n
}
