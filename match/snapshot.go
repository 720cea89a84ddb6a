package match

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	randv2 "math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
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
}

// Still is one picture of a video chat.
type Still struct {
	Pair    ident.Pair
	Subject ident.Session // whose camera it is
	Viewer  ident.Session // who sees it
	Self    bool          // the subject's browser made it, not the viewer's
	Moment  uint64        // the same for the two that were asked for at once
	At      time.Time     // when they were, UTC
	JPEG    []byte

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
	stillRefused stillOutcome = "refused" // an unknown token, or no JPEG
)

// StillOutcomes lists every outcome that Stats.Stills may count.
func StillOutcomes() []string {
	return []string{string(stillTaken), string(stillDropped), string(stillLate), string(stillRefused)}
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

// askLocked asks both for a still of a side's picture: the partner for what they see,
// and whose picture it is for what they send.
func (h *Hub) askLocked(p *pair, side int) {
	subject, viewer := p.a, p.b
	if side == 1 {
		subject, viewer = p.b, p.a
	}
	now := h.opts.Now().UTC()
	still := Still{
		Pair: p.id, Subject: subject.id, Viewer: viewer.id, Moment: randv2.Uint64(), At: now,
		Subjects: h.addrsLocked(subject), Viewers: h.addrsLocked(viewer),
	}
	var hashes [2]stillHash
	for i, of := range [2]string{"partner", "self"} {
		by := viewer
		if still.Self = of == "self"; still.Self {
			by = subject
		}
		var token string
		token, hashes[i] = newStillToken()
		h.snapshots.open[hashes[i]] = still
		h.sendLocked(by, &snapshotMessage{head{Type: "snapshot"}, p.id.String(), of, token, now.Add(stillTime)})
	}
	time.AfterFunc(stillTime, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, hash := range hashes {
			if _, still := h.snapshots.open[hash]; still {
				delete(h.snapshots.open, hash)
				h.snapshots.counts[stillLate]++
			}
		}
	})
}

// stopWatching ends what was planned for a pair.
func (p *pair) stopWatching() {
	for _, still := range p.stills {
		if still != nil {
			still.Stop()
		}
	}
}

// newStillToken returns a token of 256 bits and the hash to know it by.
func newStillToken() (string, stillHash) {
	var raw [32]byte
	rand.Read(raw[:])
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	return token, sha256.Sum256([]byte(token))
}

// ServeSnapshot takes POST /api/snapshots: a still that a `snapshot` message asked for,
// once. It is read only when its token is good and its sender not banned. What becomes of
// it the sender is not told.
func (h *Hub) ServeSnapshot(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "a still is posted", http.StatusMethodNotAllowed)
		return
	}
	if _, banned := h.opts.Banned(h.opts.Addr(r), UseSite); banned {
		http.Error(w, "banned", http.StatusForbidden)
		return
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	wanted, known := h.claimStill(sha256.Sum256([]byte(token)))
	switch {
	case !bearer || !known:
		h.countStill(stillRefused)
		http.Error(w, "the token is unknown, used or late", http.StatusUnauthorized)
		return
	case r.Header.Get("Content-Type") != "image/jpeg":
		h.countStill(stillRefused)
		http.Error(w, "a still is image/jpeg", http.StatusUnsupportedMediaType)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxStill))
	if err != nil || len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		h.countStill(stillRefused)
		http.Error(w, "a still is a JPEG of at most 64 KiB", http.StatusRequestEntityTooLarge)
		return
	}
	wanted.JPEG = data
	if h.opts.Snapshots.Take(wanted) {
		h.countStill(stillTaken)
	} else {
		h.countStill(stillDropped)
	}
	w.WriteHeader(http.StatusAccepted)
}

// claimStill returns what a token was given for, once.
func (h *Hub) claimStill(hash stillHash) (Still, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wanted, known := h.snapshots.open[hash]
	delete(h.snapshots.open, hash)
	return wanted, known
}

func (h *Hub) countStill(outcome stillOutcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.snapshots.counts[outcome]++
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
