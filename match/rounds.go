package match

import "time"

const (
	pingInterval = 20 * time.Second
	pingTimeout  = 15 * time.Second

	roundSlots  = 1000
	roundStride = 617 // from one newcomer's slot to the next's: far away, and all slots in turn
	roundTick   = pingInterval / roundSlots

	iceLead = 10 * time.Minute // before credentials run out
)

// rounds gives every socket that has a session its turn once in pingInterval: one
// timer for all, instead of one each. Turns are spread evenly, however many sockets
// came at once. Its methods need Hub.mu.
type rounds struct {
	slots [roundSlots]*socket // rings of sockets; nil: none
	next  int                 // the slot of the next newcomer
	done  int64               // the last tick whose turns were given; ticks count from Hub.start
}

// ring links the sockets of one slot.
type ring struct {
	next, prev *socket // nil: in no slot
	slot       int
}

func (r *rounds) add(k *socket) {
	slot := r.next
	r.next = (slot + roundStride) % roundSlots
	k.ring = ring{k, k, slot}
	if head := r.slots[slot]; head != nil {
		k.ring.next, k.ring.prev = head, head.ring.prev
		k.ring.prev.ring.next, head.ring.prev = k, k
	}
	r.slots[slot] = k
}

func (r *rounds) remove(k *socket) {
	if k.ring.next == nil {
		return
	}
	k.ring.prev.ring.next, k.ring.next.ring.prev = k.ring.next, k.ring.prev
	switch {
	case k.ring.next == k:
		r.slots[k.ring.slot] = nil
	case r.slots[k.ring.slot] == k:
		r.slots[k.ring.slot] = k.ring.next
	}
	k.ring = ring{}
}

// at returns a socket of the tick's slot, nil if there is none.
func (r *rounds) at(tick int64) *socket { return r.slots[tick%roundSlots] }

// each calls f for the sockets of the tick's slot. f must not add or remove any.
func (r *rounds) each(tick int64, f func(*socket)) {
	head := r.at(tick)
	for k := head; k != nil; {
		f(k)
		if k = k.ring.next; k == head {
			return
		}
	}
}

// following returns the next tick after done that has something to do.
func (r *rounds) following() (tick int64, ok bool) {
	for tick := r.done + 1; tick <= r.done+roundSlots; tick++ {
		if r.at(tick) != nil {
			return tick, true
		}
	}
	return 0, false
}

// takeTurns gives the turns that are due, and returns the time until the next. The
// lock is given free between slots.
func (h *Hub) takeTurns() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := int64(h.opts.Now().Sub(h.start) / roundTick)
	for h.rounds.done = max(h.rounds.done, now-roundSlots); ; {
		tick, ok := h.rounds.following()
		switch {
		case !ok:
			h.rounds.done = now
			return time.Hour
		case tick > now:
			h.rounds.done = now
			return h.start.Add(time.Duration(tick) * roundTick).Sub(h.opts.Now())
		}
		h.rounds.done = tick
		h.rounds.each(tick, h.turnLocked)
		h.mu.Unlock()
		h.mu.Lock()
	}
}

// turnLocked pings the client, and tells it what is new.
func (h *Hub) turnLocked(k *socket) {
	if s := k.session; s != nil && s.link == k && h.sessions[s.id] == s && !s.leaving() {
		h.tellOnlineLocked(s)
		h.renewCredentialsLocked(s)
	}
	k.pingNow()
}

// tellOnlineLocked tells the client the count, if it knows another by 2 %. It is
// news, not worth a full outbox.
func (h *Hub) tellOnlineLocked(s *session) {
	count := h.onlineLocked()
	difference := max(count-s.online, s.online-count)
	if difference > 0 && 50*difference >= s.online && s.out.pending() < maxUnacked/4 {
		s.online = count
		h.sendLocked(s, &onlineMessage{head{Type: "online"}, count})
	}
}

// renewCredentialsLocked sends the client fresh credentials before its own run out.
func (h *Hub) renewCredentialsLocked(s *session) {
	lifetimeLeft := s.iceExpires.Sub(h.opts.Now())
	if lifetimeLeft < iceLead && lifetimeLeft > 0 {
		h.sendLocked(s, &iceMessage{head{Type: "ice"}, h.iceLocked(s)})
	}
}
