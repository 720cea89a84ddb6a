package match

import (
	"crypto/sha256"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// maxSharing is how many sessions may show the same pass at once: one visitor's tabs,
// and not a crowd's. It is a bound on a ticket that can be given away.
const maxSharing = 3

// Age is how proof of age is asked for before a search: a session that is challenged
// answers with a pass, which it got elsewhere, and is asked no more for as long as it
// lives. The zero value asks for none.
type Age struct {
	Video, Text bool // searches that need a pass
	// Challenge returns the data of a new challenge, which says how to get a pass.
	Challenge func(now time.Time) any
	// Admit returns nil for the data of an answer, {"pass": …}, with a pass that is good
	// now. Its error is told to who answered. Both are called with the hub's lock held:
	// they must not block.
	Admit func(answer json.RawMessage, now time.Time) error
}

// needs reports whether a search for this mode needs a pass.
func (a Age) needs(mode pool.Mode) bool {
	return mode == pool.Video && a.Video || mode == pool.Text && a.Text
}

// passHash is what is kept of a pass, while a session lives that showed it.
type passHash [sha256.Size]byte

// passes is what the hub keeps of proofs of age: no more passes than there are
// sessions. Hub.mu guards it.
type passes struct {
	shown  map[passHash]int // sessions that showed it, 1 to maxSharing
	counts map[passOutcome]uint64
}

// passOutcome is what became of a challenge of age.
type passOutcome string

const (
	passIssued   passOutcome = "issued"
	passAdmitted passOutcome = "admitted"
	passRefused  passOutcome = "refused" // expired, or none of this site's
	passInUse    passOutcome = "in_use"  // by maxSharing other sessions
)

// PassOutcomes lists every outcome that Stats.Passes may count.
func PassOutcomes() []string {
	return []string{string(passIssued), string(passAdmitted), string(passRefused), string(passInUse)}
}

// owesProofLocked reports whether the session must show a pass before it may search in
// this mode, and challenges it then. Nothing is kept of a challenge, so there is a new
// one for each such search.
func (h *Hub) owesProofLocked(s *session, mode pool.Mode, now time.Time) bool {
	if s.pass != nil || !h.opts.Age.needs(mode) {
		return false
	}
	h.passes.counts[passIssued]++
	h.denied[deniedAge]++
	h.sendLocked(s, &challengeMessage{head{Type: "challenge"}, "age", h.opts.Age.Challenge(now)})
	h.refuseLocked(s, codeChallengeRequired, "find", "show a proof of age first, then search again; a page of an older version must be reloaded")
	return true
}

// handlePass takes a pass, whether it was asked for yet or not. One is enough. Where other
// hubs are asked who shows it, the lock is given free meanwhile.
func (h *Hub) handlePass(s *session, l link, m clientMessage, now time.Time) {
	if s.pass != nil {
		return
	}
	var answer struct{ Pass string }
	if err := json.Unmarshal(m.Data, &answer); err != nil || answer.Pass == "" {
		h.refuseLocked(s, codeBadMessage, m.Type, "data: must be {pass}")
		return
	}
	if err := h.opts.Age.Admit(m.Data, now); err != nil {
		h.passes.counts[passRefused]++
		h.refuseLocked(s, codePassRefused, m.Type, err.Error())
		return
	}
	hash := passHash(sha256.Sum256([]byte(answer.Pass)))
	var asked <-chan struct{}
	if h.heldLocked(ofPass(hash)) < maxSharing {
		asked = h.wantLocked(ofPass(hash))
	}
	if asked != nil {
		defer h.wantedLocked(ofPass(hash))
		h.mu.Unlock()
		<-asked
		h.mu.Lock()
		if h.closed || h.sessions[s.id] != s || s.link != l || s.pass != nil {
			return // see followLocked
		}
	}
	if h.holdsLocked(ofPass(hash)) >= maxSharing {
		if h.passes.shown[hash] < maxSharing {
			h.refusedLocked(commonPasses)
		}
		h.passes.counts[passInUse]++
		h.refuseLocked(s, codePassInUse, m.Type, "as many visits as may have shown this pass; end one of them, or prove your age again")
		return
	}
	h.passes.counts[passAdmitted]++
	h.passes.shown[hash]++
	h.heldChangedLocked(ofPass(hash))
	s.pass = &hash
}

// forgetPassLocked is for a session that ends.
func (h *Hub) forgetPassLocked(s *session) {
	if s.pass == nil {
		return
	}
	if h.passes.shown[*s.pass]--; h.passes.shown[*s.pass] == 0 {
		delete(h.passes.shown, *s.pass)
	}
	h.heldChangedLocked(ofPass(*s.pass))
	s.pass = nil
}

// RedemptionWait returns how long an address must wait before it may have the checker
// asked; 0 if it may now, which counts.
func (h *Hub) RedemptionWait(addr netip.Addr) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if wait := h.paceLocked(addressKey(addr), pacedRedemptions, deniedRedemptionRate); wait > 0 {
		return max(wait, minRetry*time.Second)
	}
	return 0
}
