package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// relay sends packets through the relay between every two transports that work,
// each from one allocation of this session to another.
func (c *checker) relay(ctx context.Context, links []*link) []Step {
	var one []*link // of each transport: the first that works, or else the first
	for _, l := range links {
		if !l.server.relays {
			continue
		}
		at := slices.IndexFunc(one, func(o *link) bool { return o.server.transport == l.server.transport })
		switch {
		case at < 0:
			one = append(one, l)
		case one[at].ends[1] == nil:
			one[at] = l
		}
	}
	if len(one) == 0 {
		return lacking("no turn: URL is given", stepAllocate, stepRelay)
	}
	var parts []func() []Step
	for i, from := range one {
		for _, to := range one[i:] {
			parts = append(parts, func() []Step { return []Step{c.carry(ctx, from, to)} })
		}
	}
	return concurrently(parts...)
}

// carry tries the relay between two links.
func (c *checker) carry(ctx context.Context, from, to *link) Step {
	name := fmt.Sprintf("%s %s-%s", stepRelay, from.server.transport, to.server.transport)
	for _, l := range []*link{from, to} {
		if l.ends[1] == nil {
			return skipped(name, "needs "+stepAllocate+" "+l.server.label())
		}
	}
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	t, err := from.ends[0].exchange(ctx, to.ends[1])
	if err != nil {
		return failed(name, c.plain(err), carryRemedy(err))
	}
	return judgeTrial(name, t)
}

func carryRemedy(err error) string {
	if strings.Contains(err.Error(), "(error 403:") {
		return "The relay does not let a session's own allocations talk to each other: update the site's joingyd, or, if another TURN server answers, stop it."
	}
	return deafRemedy
}

const deafRemedy = "The relay gives allocations and carries nothing between them. See the daemon's log: journalctl -u joingyd."

func judgeTrial(name string, t trial) Step {
	lost := trialPackets - len(t.trips)
	if lost == trialPackets {
		if t.small {
			return failed(name, fmt.Sprintf("small packets come back, but none of %d packets of %d bytes", trialPackets, trialSize),
				"Something between this machine and the server drops large packets: a tunnel or VPN with a small MTU, or a firewall that drops fragments. Try from another network; if it is the same there, look at the MTU of the server's.")
		}
		return failed(name, fmt.Sprintf("none of %d packets came back", trialPackets), deafRemedy)
	}
	detail := fmt.Sprintf("%d of %d packets went there and back, half of them within %s", len(t.trips), trialPackets, round(median(t.trips)))
	if lost == 0 {
		return ok(name, detail)
	}
	s := warning(name, detail, "Packets get lost between this machine and the server. Try from another network; if it is the same there, look at turn.bandwidth and turn.bandwidth_per_allocation, and at the server's connection.")
	if lost > trialPackets/2 {
		s.Status = Failed
	}
	return s
}

// median expects at least one.
func median(trips []time.Duration) time.Duration {
	slices.Sort(trips)
	return trips[len(trips)/2]
}
