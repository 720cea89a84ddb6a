package relay

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
)

const (
	renewEvery = time.Second
	greetEvery = 5 * time.Second // relays that have nothing of this Home: for their clocks
	forgetIdle = time.Minute     // that are not listed any more, after so long

	// A whole is said so many bytes at a time, so that the bus has room for it and the
	// matchmaker is not held up.
	wholePart  = 1 << 20
	wholePause = 100 * time.Millisecond
)

// Run renews what this Home has at relays elsewhere, and tells them the whole if they
// need it, until ctx ends.
func (h *Home) Run(ctx context.Context) error {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		case now := <-tick.C:
			h.renew(now)
		}
		for _, p := range h.owed() {
			h.sayWhole(ctx, p)
		}
	}
}

// sayLocked says something to the Host of a relay elsewhere; the one here heard it already.
func (h *Home) sayLocked(to *place, r record) {
	if !to.local {
		h.sendLocked(to, r.appendTo(nil))
	}
}

func (h *Home) sendLocked(to *place, message []byte) bool {
	err := h.opts.Bus.Send(to.name, ToHost, message)
	if err != nil {
		h.stats.Failed++
		to.owed = true
	}
	return err == nil
}

// renew renews this Home at all relays that have something of it, and now and then at
// the others.
func (h *Home) renew(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	relays := h.opts.Relays()
	for _, r := range relays {
		if r.Name != h.opts.Node && len(r.URLs) > 0 {
			h.placeLocked(r)
		}
	}
	for name, p := range h.places {
		if p.local {
			continue
		}
		since, listed := now.Sub(p.greeted), lists(relays, name)
		switch used := len(p.sessions) > 0; {
		case used, listed && since >= greetEvery:
			p.greeted = now
			h.sayLocked(p, record{op: opRenew, digest: p.digest})
		case !listed && since >= forgetIdle:
			delete(h.places, name)
		}
	}
}

// owed returns the relays that have to be told the whole.
func (h *Home) owed() (places []*place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.places {
		if p.owed {
			places = append(places, p)
		}
	}
	return places
}

// sayWhole tells a relay all that this Home has there. What changes meanwhile is said as
// always. A bus that does not take it is tried again at the next tick.
func (h *Home) sayWhole(ctx context.Context, p *place) {
	h.mu.Lock()
	p.owed = false
	h.stats.Wholes++
	sessions, pairs := slices.Collect(maps.Keys(p.sessions)), slices.Collect(maps.Keys(p.pairs))
	ok := h.sendLocked(p, record{op: opBegin}.appendTo(nil))
	h.mu.Unlock()
	said := 0
	for ok && len(sessions)+len(pairs) > 0 {
		if said >= wholePart {
			said = 0
			select {
			case <-ctx.Done():
				return
			case <-time.After(wholePause):
			}
		}
		h.mu.Lock()
		var message []byte
		message, sessions, pairs = p.wholeLocked(sessions, pairs)
		said += len(message)
		ok = len(message) == 0 || h.sendLocked(p, message)
		h.mu.Unlock()
	}
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	message := record{op: opEnd}.appendTo(nil)
	h.sendLocked(p, record{op: opRenew, digest: p.digest}.appendTo(message))
}

// wholeLocked returns one message of a whole, and what is left for others.
func (p *place) wholeLocked(sessions []ident.Session, pairs []ident.Pair) (message []byte, _ []ident.Session, _ []ident.Pair) {
	for len(message) < maxBatch && len(sessions) > 0 {
		if v := p.sessions[sessions[0]]; v != nil {
			message = record{op: opAdmit, session: v.id, source: v.source}.appendTo(message)
		}
		sessions = sessions[1:]
	}
	for len(message) < maxBatch && len(pairs) > 0 {
		if c := p.pairs[pairs[0]]; c != nil {
			message = record{op: opJoin, pair: c.id, session: c.sides[0].id, partner: c.sides[1].id}.appendTo(message)
		}
		pairs = pairs[1:]
	}
	return message, sessions, pairs
}

// Gap is for the bus to say that something from a node was lost, or that it is new. Its
// Host answers the whole with what it has.
func (h *Home) Gap(from string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.places[from]; p != nil {
		h.oweLocked(p)
	}
}

func (h *Home) oweLocked(p *place) {
	p.owed = true
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Handle takes a message of kind ToHome. Those of one node must come one at a time.
func (h *Home) Handle(from string, message []byte) {
	connected := h.hear(from, message)
	for range connected {
		h.opts.Connected()
	}
}

// hear takes a message, and returns how many pairs were over under which media had gone
// both ways.
func (h *Home) hear(from string, message []byte) (connected int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.places[from]
	for len(message) > 0 {
		r, rest, err := next(message)
		if err != nil {
			h.stats.Invalid++
			return connected
		}
		message = rest
		switch {
		case r.op == opConnected:
			connected++
		case p == nil: // forgotten
		case r.op == opHeard:
			p.ahead = r.clock.Sub(h.opts.Now())
		case r.op == opAsk:
			h.oweLocked(p)
		case r.op == opHolds:
			if v := p.sessions[r.session]; v != nil {
				v.relayed, v.clients = r.relayed, merge(r.clients, v.clients)
			}
		}
	}
	return connected
}
