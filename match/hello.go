package match

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match/pool"
)

const (
	maxLanguages   = 20
	consentTimeout = 10 * time.Minute
)

// stranger is what a socket has until it has a session.
type stranger struct {
	early   bucket          // messages
	sought  bool            // its session was looked for at other hubs
	again   bool            // and is to be once there is consent
	asked   bool            // whether it may have one was asked there
	answer  <-chan struct{} // of that; nil: none is to come
	consent time.Time       // until when consent may come; zero: was not asked for
	kind    Kind            // of the browser
}

func newStranger() *stranger { return &stranger{early: bucket{rate: 1, burst: 20}} }

// tooManyWait is how long an address with too many sessions or sockets is asked
// to wait, and one that chatters before its hello.
const tooManyWait = time.Minute

// hello handles a message of a client that has no session yet. A socket that is
// being shut gets none any more.
func (k *socket) hello(data []byte) {
	if !k.stranger.early.take(k.hub.opts.Now()) {
		k.hub.denyChatter(k.addr)
		k.shut(closeTooMany, seconds(tooManyWait))
		return
	}
	m, err := decode(data)
	switch {
	case err != nil:
		k.refuse(newError(codeBadMessage, printable(m.Type), err.Error()))
		return
	case m.Type != "hello":
		k.shut(closeProtocol, "the first message is hello")
		return
	case len(m.Languages) > maxLanguages:
		k.refuse(newError(codeBadMessage, m.Type, fmt.Sprintf("languages: %d given, at most %d are allowed", len(m.Languages), maxLanguages)))
		return
	}
	languages, err := pool.ParseLanguages(m.Languages)
	switch {
	case err != nil:
		k.refuse(newError(codeBadMessage, m.Type, err.Error()))
		return
	case !k.stopTimer():
		return // too late: the socket is being shut
	}
	outcome, ban := k.hub.greet(k, m, languages)
	if outcome == greetSought {
		if k.hub.seek(k, m, languages) {
			outcome = greetWelcome
		} else {
			outcome, ban = k.hub.greet(k, m, languages)
		}
	}
	if outcome == greetAsked {
		<-k.stranger.answer
		outcome, ban = k.hub.greet(k, m, languages)
	}
	switch outcome {
	case greetWelcome:
		k.stranger = nil
	case greetBanned:
		k.tell(newBanned(ban, k.hub.opts.Appeal))
		k.shut(closeBanned, "banned")
	case greetConsent:
		k.stranger.sought, k.stranger.again = k.stranger.sought && !k.stranger.again, false
		refusal := newError(codeConsentRequired, m.Type, "consent: the policy's present version and adult:true are required")
		refusal.Policy = k.hub.live.Load().Policy
		k.refuse(refusal)
		k.awaitConsent()
	}
}

// stopTimer stops the time to say hello, and reports whether it was still running.
func (k *socket) stopTimer() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.shutting && k.timer.Stop()
}

// awaitConsent gives the client its time to read the policy, once.
func (k *socket) awaitConsent() {
	now := k.hub.opts.Now()
	if k.stranger.consent.IsZero() {
		k.stranger.consent = now.Add(consentTimeout)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.shutting {
		k.timer.Reset(k.stranger.consent.Sub(now))
	}
}

// refuse tells a client that has no session of an error.
func (k *socket) refuse(m *errorMessage) {
	k.hub.countRefusal(m.Code)
	k.tell(m)
}

// tell writes to a client that has no session, so that the message has no
// number: seq is 0.
func (k *socket) tell(m serverMessage) {
	k.wire.hold()
	defer k.wire.release()
	k.conn.Write(context.Background(), websocket.MessageText, encode(m)) //nolint:errcheck // reading fails as well
}

func (h *Hub) countRefusal(code errorCode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused[code]++
}

type greeting int

const (
	greetWelcome greeting = iota
	greetConsent
	greetTooMany // and the socket is being shut
	greetBanned
	greetGone   // it is being shut
	greetSought // its session is to be looked for at other hubs first
	greetAsked  // what they say of its address is to be heard first
)

// greet resumes the session that m names, or makes a new one. The address may
// have been banned since the upgrade. It is looked at under the lock: EnforceBans
// finds a session made before the ban, and none is made after it. A session that
// comes back from a banned address is over.
func (h *Hub) greet(k *socket, m clientMessage, languages []string) (greeting, Ban) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k.stranger.answer != nil {
		k.stranger.answer = nil
		defer h.wantedLocked(ofAddress(addressKey(k.addr)))
	}
	switch {
	case h.closed:
		k.shut(closeGoingAway, h.away)
		return greetGone, Ban{}
	case k.isShutting():
		return greetGone, Ban{}
	}
	resumed, handed := h.resumableLocked(m), h.handedLocked(m)
	if ban, banned := h.opts.Banned(k.addr, UseSite); banned {
		h.denied[deniedBan]++
		if resumed != nil {
			h.banLocked(resumed, ban)
		}
		if handed != nil {
			h.banHandedLocked(handed, ban)
		}
		return greetBanned, ban
	}
	if resumed != nil && h.resumeLocked(resumed, k, m.Ack) {
		return greetWelcome, Ban{}
	}
	if handed == nil && h.mustSeekLocked(k, m) {
		return greetSought, Ban{}
	}
	if !m.Consent.to(h.live.Load().Policy) {
		return greetConsent, Ban{}
	}
	if handed != nil {
		if outcome, done := h.restoreLocked(handed, k, m.Ack, languages); done {
			return outcome, Ban{}
		}
	}
	if h.mustAskLocked(k) {
		return greetAsked, Ban{}
	}
	s := newSession(k.addr, languages)
	if wait := h.admitSessionLocked(s); wait > 0 {
		k.shut(closeTooMany, seconds(wait))
		return greetTooMany, Ban{}
	}
	s.since = h.clock()
	h.sessions[s.id] = s
	h.cameLocked(k.stranger.kind, languages)
	h.attachLocked(s, k, 0)
	h.seenLocked(s, StepCame)
	return greetWelcome, Ban{}
}

// mustAskLocked reports whether other hubs are to say first how many sessions the socket's address
// has there, and asks them. Where it has too many here it does not.
func (h *Hub) mustAskLocked(k *socket) bool {
	o := ofAddress(addressKey(k.addr))
	if k.stranger.asked || h.accounts == nil || h.heldLocked(o) >= h.live.Load().SessionsPerAddressMax {
		return false
	}
	k.stranger.asked = true
	k.stranger.answer = h.wantLocked(o)
	return k.stranger.answer != nil
}

// resumableLocked returns the session of m's token, nil if there is none. A token
// works once.
func (h *Hub) resumableLocked(m clientMessage) *session {
	if m.Resume == "" {
		return nil
	}
	return h.resumable[sha256.Sum256([]byte(m.Resume))]
}

// resumeLocked gives the session its new link, whose client has messages up to
// number ack. Where that place is unknown, the session ends instead of going on
// with a gap.
func (h *Hub) resumeLocked(s *session, l link, ack uint64) bool {
	if !s.out.ack(ack) {
		if s.link != nil {
			s.link.shut(closeSuperseded, "superseded by a newer socket")
		}
		h.endLocked(s, leftLost)
		return false
	}
	h.attachLocked(s, l, ack)
	h.seenLocked(s, StepResumed)
	if ban, banned := h.opts.Banned(l.from().addr, UseVideo); banned {
		h.banVideoLocked(s, ban)
	}
	h.lineUpLocked(s)
	return true
}
