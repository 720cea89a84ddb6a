package match

import (
	"slices"
	"time"
)

// turnAccounts has told what is in no hurry, and some of those whose turn it is again.
func (h *Hub) turnAccounts() {
	h.mu.Lock()
	defer h.mu.Unlock()
	as, now := h.accounts, h.opts.Now()
	ready := as.with.Ready()
	switch {
	case ready && !as.ready:
		h.tellAllLocked(now) // nobody was told what came meanwhile
	case len(as.round) == 0 && !now.Before(as.next):
		h.nextRoundLocked(now, roundTime)
	}
	if as.ready = ready; !ready {
		h.forgetAccountsLocked()
		return
	}
	for _, o := range as.queues[later] {
		a := as.known[o]
		if a == nil || a.queued != later {
			continue
		}
		if a.queued = never; h.urgencyLocked(o, a) != never {
			h.queueLocked(o, a, soon)
		} else {
			h.restAccountLocked(o, a)
		}
	}
	as.queues[later] = as.queues[later][:0]
	n := min(as.each, len(as.round))
	for _, o := range as.round[:n] {
		if h.heldLocked(o) == 0 {
			continue
		}
		if a := h.accountLocked(o); a != nil {
			h.queueLocked(o, a, soon)
		}
	}
	as.round = as.round[n:]
}

// tellAllLocked has all told again soon: what was told before is forgotten, or may be.
func (h *Hub) tellAllLocked(now time.Time) {
	h.accounts.lost = h.clock()
	h.nextRoundLocked(now, hasteRound)
}

// nextRoundLocked begins to tell all again that have sessions, so that they last.
func (h *Hub) nextRoundLocked(now time.Time, seconds int) {
	as := h.accounts
	as.round = slices.Grow(as.round[:0], len(h.perAddress)+len(h.passes.shown))
	for key := range h.perAddress {
		if key.IsValid() {
			as.round = append(as.round, ofAddress(key))
		}
	}
	for hash := range h.passes.shown {
		as.round = append(as.round, ofPass(hash))
	}
	as.each = 1 + len(as.round)/seconds
	as.next = now.Add(roundTime * time.Second)
}

// forgetAccountsLocked is for the time in which each hub counts alone.
func (h *Hub) forgetAccountsLocked() {
	as := h.accounts
	for o, a := range as.known {
		if a.answered != nil {
			close(a.answered)
		}
		if a.wanted == 0 {
			delete(as.known, o)
		} else {
			*a = account{wanted: a.wanted}
		}
	}
	as.queues = [soon + 1][]holder{}
}
