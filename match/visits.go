package match

import (
	"net/http"
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// Kind is what Visits keeps of a request's headers, in a few bits.
type Kind uint32

// Visits counts visits. But for Kind its methods are called with the hub's lock held: they
// must not block and not call the hub.
type Visits interface {
	// Kind reduces the headers of an upgrade. They are not kept.
	Kind(http.Header) Kind
	// Came is told of each session that begins, with the primary subtag of the visitor's
	// favourite language; empty: they have not named any.
	Came(kind Kind, language string)
	// Left is told of each session that ends: how long its visitor stayed, without what was
	// waited for them to come back.
	Left(stayed time.Duration)
	// Talked is told once of each text chat in which both had a line delivered.
	Talked()
}

// cameLocked counts a new session. What its socket's headers said is forgotten with that.
func (h *Hub) cameLocked(kind Kind, languages []string) {
	if h.opts.Visits == nil {
		return
	}
	favourite := ""
	if len(languages) > 0 {
		favourite = languages[0]
	}
	h.opts.Visits.Came(kind, favourite)
}

// goneLocked counts a session that ends.
func (h *Hub) goneLocked(s *session) {
	if h.opts.Visits == nil || s.awaited() {
		return
	}
	end := h.clock()
	if s.link == nil {
		end = s.turned // when it was lost
	}
	h.opts.Visits.Left(max(0, end-s.since))
}

// spokeLocked notes that a line of the session's went out.
func (h *Hub) spokeLocked(s *session) {
	p := s.pair
	if p.spoke[0] && p.spoke[1] {
		return
	}
	p.spoke[p.side(s)] = true
	if p.spoke[0] && p.spoke[1] && p.mode == pool.Text && h.opts.Visits != nil {
		h.opts.Visits.Talked()
	}
}
