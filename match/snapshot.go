package match

import (
	"crypto/sha256"
	randv2 "math/rand/v2"
	"net/http"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

const (
	maxStill   = 64 << 10         // bytes of a still
	stillTime  = 10 * time.Second // to post one in
	soonest    = 2 * time.Second  // after the chat began: there is a picture then
	freshUntil = 10 * time.Minute // age of a session to which more attention is given
	freshTimes = 2                // so much more
)

// Snapshots is how stills of video chats are asked for: of the browser of whoever sees
// the picture, at moments that nobody can foresee. The zero value asks for none.
type Snapshots struct {
	// Share is the part of pictures, a visitor's in a chat, that are looked at at all,
	// from 0 to 1. Of sessions younger than 10 minutes it is twice as many, and of one
	// that something is held against as many as its Options.Risk at least.
	Share float64
	// Every is the mean time between two stills of one picture.
	Every time.Duration
	// Take takes a still, whose bytes are its own, and returns at once. It reports
	// whether there was room for it.
	Take func(Still) bool
	// Local, if set, has the browser of whoever sees a picture look at the still first, so
	// that only one that it finds something in leaves the device.
	Local *Local
	// Elsewhere, if set, reaches the TakeSnapshot of another hub: a browser posts its still to
	// the hub of its socket, which may not be the one that asked.
	Elsewhere func(node string) http.RoundTripper
}

// Local is how a viewer's own browser looks at stills. What it says nobody can check: a
// claim. It is not changed once the hub has it.
type Local struct {
	Labels []string           `json:"-"`    // that its classifier tells apart
	Veil   map[string]float64 `json:"veil"` // the score from which it hides a picture by itself, by label
	Post   map[string]float64 `json:"post"` // the score from which it posts the still
}

// Still is one picture of a video chat.
type Still struct {
	Pair    ident.Pair
	Subject ident.Session // whose camera it is
	Viewer  ident.Session // who sees it
	Self    bool          // the subject's browser made it, not the viewer's
	Moment  uint64        // the same for the two that were asked for at once
	At      time.Time     // when they were, UTC; of one with a claim, when it came
	JPEG    []byte
	Claim   map[string]float64 // scores by label, as the viewer's browser has them; nil: it did not look

	Subjects, Viewers []netip.Addr // that the two had then: who is on it may be gone soon
}

// stillHash is what is kept of a still's token.
type stillHash [sha256.Size]byte

// snapshots is what the hub keeps of stills. Hub.mu guards it.
type snapshots struct {
	open   map[stillHash]Still // that were asked for, without their bytes
	counts map[stillOutcome]uint64
}

// stillOutcome is what became of a still that was asked for.
type stillOutcome string

const (
	stillTaken   stillOutcome = "taken"
	stillDropped stillOutcome = "dropped" // there was no room for it
	stillLate    stillOutcome = "late"    // it did not come in time
	stillKept    stillOutcome = "kept"    // the browser that looks at it did not post it: it found nothing, or cannot look
	stillRefused stillOutcome = "refused" // an unknown token, no JPEG, or no claim where there has to be one
)

// StillOutcomes lists every outcome that Stats.Stills may count.
func StillOutcomes() []string {
	return []string{string(stillTaken), string(stillDropped), string(stillLate), string(stillKept), string(stillRefused)}
}

// watchLocked decides which of a new pair's pictures are looked at, and when.
func (h *Hub) watchLocked(p *pair) {
	if p.mode != pool.Video || h.opts.Snapshots.Take == nil {
		return
	}
	for side, subject := range [2]*session{p.a, p.b} {
		if randv2.Float64() < h.attentionLocked(subject) {
			h.askLaterLocked(p, side, soonest, h.opts.Snapshots.Every)
		}
	}
}

// attentionLocked returns how likely a visitor's picture is looked at.
func (h *Hub) attentionLocked(subject *session) float64 {
	attention := h.opts.Snapshots.Share
	if h.clock()-subject.since < freshUntil {
		attention *= freshTimes
	}
	return max(attention, h.riskLocked(subject))
}

// askLaterLocked asks for a still of a side's picture at a random time between two.
func (h *Hub) askLaterLocked(p *pair, side int, from, to time.Duration) {
	wait := from + time.Duration(randv2.Float64()*float64(max(0, to-from)))
	p.stills[side] = time.AfterFunc(wait, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if p.a.pair != p {
			return // it is over
		}
		h.askLocked(p, side)
		every := h.opts.Snapshots.Every
		h.askLaterLocked(p, side, every/2, every*3/2)
	})
}

// askLocked asks for a still of a side's picture: the partner for what they see, and,
// where the server looks at it, whose picture it is for what they send.
func (h *Hub) askLocked(p *pair, side int) {
	subject, viewer := p.a, p.b
	if side == 1 {
		subject, viewer = p.b, p.a
	}
	still := Still{
		Pair: p.id, Subject: subject.id, Viewer: viewer.id, Moment: randv2.Uint64(), At: h.opts.Now().UTC(),
		Subjects: h.addrsLocked(subject), Viewers: h.addrsLocked(viewer),
	}
	h.askForLocked(viewer, still)
	if h.opts.Snapshots.Local == nil {
		still.Self = true
		h.askForLocked(subject, still)
	}
}

// askForLocked asks one of a pair for a still, and forgets it when its time is over.
func (h *Hub) askForLocked(by *session, still Still) {
	token, hash := newStillToken(h.tag())
	h.snapshots.open[hash] = still
	message := &snapshotMessage{head: head{Type: "snapshot"}, Pair: still.Pair.String(), Of: "partner", Token: token, Expires: still.At.Add(stillTime)}
	late := stillLate
	switch {
	case still.Self:
		message.Of = "self"
	case h.opts.Snapshots.Local != nil:
		message.Look, late = h.opts.Snapshots.Local, stillKept
	}
	h.sendLocked(by, message)
	time.AfterFunc(stillTime, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if _, open := h.snapshots.open[hash]; open {
			delete(h.snapshots.open, hash)
			h.snapshots.counts[late]++
		}
	})
}

// askSubject asks for the own still of who is on one that a browser posted after it had
// looked, if that chat goes on: nothing was asked of them before.
func (h *Hub) askSubject(claimed Still) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sessions[claimed.Subject]
	if s == nil || s.pair == nil || s.pair.id != claimed.Pair {
		return
	}
	claimed.Self, claimed.JPEG, claimed.Claim = true, nil, nil
	h.askForLocked(s, claimed)
}

// stopWatching ends what was planned for a pair.
func (p *pair) stopWatching() {
	for _, still := range p.stills {
		if still != nil {
			still.Stop()
		}
	}
}

// newStillToken returns a token and the hash to know it by, as newResumeToken does.
func newStillToken(tag string) (string, stillHash) {
	token, hash := newResumeToken(tag)
	return token, stillHash(hash)
}

// Blur hides a visitor's picture from who sees it, as far as that chat goes on, until
// they want to see it. It reports whether it did.
func (h *Hub) Blur(id ident.Pair, subject ident.Session, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sessions[subject]
	if s == nil || s.pair == nil || s.pair.id != id {
		return false
	}
	h.sendLocked(s.partner(), &actionMessage{head{Type: "action"}, id.String(), "blur", reason, nil})
	return true
}

// EndChat ends a chat, and tells both that it was moderated. It reports whether it was
// still going on.
func (h *Hub) EndChat(id ident.Pair, subject ident.Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sessions[subject]
	if s == nil || s.pair == nil || s.pair.id != id {
		return false
	}
	h.partLocked(s, leftModerated)
	h.sendLocked(s, &leftMessage{head{Type: "left"}, id.String(), leftModerated})
	return true
}
