package match

import (
	"context"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/match/filter"
)

// settling is an account of which something is being told.
type settling struct {
	holder
	account  *account
	answered chan struct{}
}

// startSettling tells what is to be told until ctx ends, in one goroutine, so that what was
// told later holds. The caller waits for what it returns.
func (h *Hub) startSettling(ctx context.Context) (wait func()) {
	if h.accounts == nil {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer h.settleNoMore()
		h.settle(ctx)
	}()
	return func() { <-done }
}

func (h *Hub) settle(ctx context.Context) {
	ticker := time.NewTicker(laterEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.accounts.wake:
		case <-ticker.C:
			h.turnAccounts()
		}
		for ctx.Err() == nil && h.settleSome(ctx) {
			select {
			case <-ticker.C: // though there is always more
				h.turnAccounts()
			default:
			}
		}
	}
}

// settleSome tells as much as is told at once, and reports whether there was anything.
func (h *Hub) settleSome(ctx context.Context) bool {
	batch, tallies, ready := h.takeTallies()
	if len(batch) == 0 {
		return false
	}
	var standings []Standing
	if ready {
		ctx, cancel := context.WithTimeout(ctx, settleTime)
		standings = h.accounts.with.Settle(ctx, tallies)
		cancel()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now, answers := h.opts.Now(), 0
	for i, s := range batch {
		var standing Standing
		if i < len(standings) {
			standing = standings[i]
		}
		if standing.Known {
			answers++
			h.settledLocked(s, tallies[i], standing, now)
		} else if s.kind != aLine {
			s.account.told = unknown
		}
		if s.answered != nil {
			close(s.answered)
		}
		h.restAccountLocked(s.holder, s.account)
	}
	if answers == 0 {
		h.accounts.quiet = now.Add(quietTime)
	}
	return true
}

// takeTallies takes what is to be told next.
func (h *Hub) takeTallies() (batch []settling, tallies []Tally, ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	as := h.accounts
	ready = as.with.Ready()
	n := 0
	for n < len(as.queues[soon]) && len(batch) < settleMost {
		o := as.queues[soon][n]
		n++
		a := as.known[o]
		if a == nil || a.queued == never {
			continue
		}
		batch = append(batch, settling{o, a, a.answered})
		tallies = append(tallies, h.tallyLocked(o, a))
		a.queued, a.answered = never, nil
		a.spent, a.points, a.strikes, a.pardoned = [pacedKinds]float32{}, 0, 0, false
	}
	if as.queues[soon] = as.queues[soon][n:]; len(as.queues[soon]) == 0 {
		as.queues[soon] = nil
	}
	return batch, tallies, ready
}

// tallyLocked is what is to be told of an account.
func (h *Hub) tallyLocked(o holder, a *account) Tally {
	live := h.live.Load()
	t := Tally{
		Of: o.text(), Held: h.heldLocked(o), Wanted: a.wanted,
		Points: float64(a.points), MostPoints: mostPoints * h.suspiciousFrom(), HalfLife: suspicionHalfLife,
		Strikes: a.strikes, MostStrikes: live.Filter.MostStrikes(), StrikeLife: filter.StrikeLife, Pardoned: a.pardoned,
	}
	switch o.kind {
	case aPass:
		t.Most = maxSharing
		return t
	case aLine:
		t.MostStrikes, t.StrikeLife = a.most, filter.RepeatWindow
		return t
	}
	t.Most = live.SessionsPerAddressMax
	if h.opts.Risk != nil {
		t.Risk = h.opts.Risk([]netip.Addr{o.addr.Addr()})
	}
	t.Buckets = make([]Bucket, pacedKinds)
	for kind, pace := range h.addresses.paces {
		t.Buckets[kind] = Bucket{pace.rate, pace.burst, float64(a.spent[kind])}
	}
	return t
}

// settledLocked follows an answer. What all hubs have done counts as if this one had; what
// this one knows is never forgotten for it, since Redis may have.
func (h *Hub) settledLocked(s settling, told Tally, standing Standing, now time.Time) {
	a := s.account
	if standing.Forgotten && a.told > 0 && a.at > h.accounts.lost {
		h.tellAllLocked(now)
	}
	a.at = h.clock()
	a.elsewhere, a.risk = standing.Elsewhere, float32(standing.Risk)
	a.told = max(told.Held, min(told.Held+told.Wanted, told.Most-a.elsewhere))
	if s.kind != anAddress {
		a.since = standing.Strikes
		return
	}
	known := h.addresses.of(s.addr, now)
	known.points = min(max(known.points, standing.Points+float64(a.points)), told.MostPoints)
	for kind := range min(len(standing.Missing), int(pacedKinds)) {
		left := h.addresses.paces[kind].burst - standing.Missing[kind] - float64(a.spent[kind])
		if left < known.tokens[kind]-0.5 {
			known.shared |= 1 << kind
		}
		known.tokens[kind] = max(0, min(known.tokens[kind], left))
	}
	if len(standing.Strikes) > 0 {
		h.filter.Load().Learn(s.addr, standing.Strikes, a.strikes, now)
	}
}

// restAccountLocked forgets an account of which there is nothing more to tell.
func (h *Hub) restAccountLocked(o holder, a *account) {
	if h.tellLocked(o, a); a.queued == never && a.wanted == 0 && a.told == 0 && h.heldLocked(o) == 0 {
		delete(h.accounts.known, o)
	}
}

// settleNoMore lets go of those who wait.
func (h *Hub) settleNoMore() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgetAccountsLocked()
	h.accounts.over = true
}
