package match

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/mask"
	"github.com/joingyd/joingyd/match/pool"
)

const (
	maxBody   = 2000 // characters of a text
	maxTextID = 64   // characters
	maxNote   = 1000 // characters of a report's note
)

// farBehind refuses what the partner's outbox has no room for.
const farBehind = "the partner is far behind; slow down"

// take follows one message of k's client, or passes it on to the hub that its session has
// moved to since it was read.
func (h *Hub) take(k *socket, data []byte, m clientMessage, malformed error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k.door != nil {
		return h.upLocked(k, data)
	}
	return h.followLocked(k.session, k, m, malformed)
}

// up passes on what the client of a door said, if k still is one.
func (h *Hub) up(k *socket, data []byte) bool {
	h.mu.Lock()
	if k.door != nil {
		defer h.mu.Unlock()
		return h.upLocked(k, data)
	}
	h.mu.Unlock()
	m, err := parse(data)
	return h.take(k, data, m, err)
}

// handle follows one message of the client of k's session; malformed says what is
// wrong with it, if anything is. It reports whether to read on at once.
func (h *Hub) handle(k *socket, m clientMessage, malformed error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.followLocked(k.session, k, m, malformed)
}

// followLocked is handle for a message that came by any link. Only the present one is
// listened to: on a newer one the client says again what got no answer.
func (h *Hub) followLocked(s *session, l link, m clientMessage, malformed error) bool {
	if h.closed || h.sessions[s.id] != s || s.link != l {
		return false // the hub or the session ended, or it has another link: l is being shut
	}
	if s.abroad != nil {
		h.stayLocked(s)
		s.abroad.busy = true
		defer func() { s.abroad.busy = false }()
	}
	now := h.opts.Now()
	if !s.messages.take(now) {
		h.refuseLocked(s, codeRateLimited, printable(m.Type), "too many messages; slow down")
		return false
	}
	if malformed != nil {
		h.refuseLocked(s, codeBadMessage, printable(m.Type), malformed.Error())
		return true
	}
	switch m.Type {
	case "find":
		h.handleFind(s, l, m, now)
	case "leave":
		h.stopWaitingLocked(s)
		h.partLocked(s, leftLeft)
	case "description", "candidate":
		h.handleSignal(s, m, now)
	case "text":
		h.handleText(s, l, m, now)
	case "typing":
		h.handleTyping(s, m, now)
	case "report":
		h.handleReport(s, m, now)
	case "block":
		h.handleBlock(s, m, now)
	case "answer":
		h.handleAnswer(s, l, m, now)
	case "hello":
		h.refuseLocked(s, codeBadMessage, m.Type, "hello comes once, first on a socket")
	default:
		h.refuseLocked(s, codeUnknownType, printable(m.Type), "no such type")
	}
	return true
}

func (h *Hub) handleFind(s *session, l link, m clientMessage, now time.Time) {
	// The bans come late: the lock is given free before that. Proof of age comes last, as
	// nobody should get it in vain.
	if h.mayFindLocked(s, now) && h.interestsPassLocked(s, l, m) && h.mayChatLocked(s, m.Mode) && !h.owesProofLocked(s, m.Mode, now) {
		h.findLocked(s, m.Mode, m.parsed)
	}
}

// inPairLocked returns the partner that m is for, or nil after refusing it.
func (h *Hub) inPairLocked(s *session, m clientMessage) *session {
	id, err := ident.ParsePair(m.Pair)
	switch {
	case s.pair == nil && m.Pair == "":
		h.refuseLocked(s, codeNotPaired, m.Type, "there is no chat; send find first")
	case err != nil:
		h.refuseLocked(s, codeBadMessage, m.Type, "pair: must be the pair of `matched`")
	case s.pair == nil || s.pair.id != id:
		h.refuseLocked(s, codeStalePair, m.Type, "that chat is over")
	default:
		return s.partner()
	}
	return nil
}

// handleSignal passes a description or candidate through the mask. Masking and
// encoding take their time, so the lock is given free meanwhile and the pair is
// looked at again after.
func (h *Hub) handleSignal(s *session, m clientMessage, now time.Time) {
	partner := h.inPairLocked(s, m)
	if partner == nil {
		return
	}
	p := s.pair
	if p.mode != pool.Video {
		h.refuseLocked(s, codeBadMessage, m.Type, "a text chat has no descriptions and candidates")
		return
	}
	if m.Type == "description" && !p.descriptions[p.side(s)].take(now) {
		h.refuseLocked(s, codeRateLimited, m.Type, "too many descriptions; slow down")
		return
	}
	h.mu.Unlock()
	out, err := h.masked(s.id, m)
	if err == nil {
		out = prepare(out)
	}
	h.mu.Lock()
	switch {
	case h.closed:
	case s.pair != p:
		h.refuseLocked(s, codeStalePair, m.Type, "that chat is over")
	case errors.Is(err, mask.ErrIgnored):
	case errors.Is(err, mask.ErrMasked):
		h.refuseLocked(s, codeMasked, m.Type, err.Error())
	case err != nil:
		h.refuseLocked(s, codeBadMessage, m.Type, err.Error())
	case !h.forwardLocked(partner, out):
		h.refuseLocked(s, codeRateLimited, m.Type, farBehind)
	}
}

// masked builds what the partner gets to see of m.
func (h *Hub) masked(sender ident.Session, m clientMessage) (serverMessage, error) {
	owns := func(addr netip.AddrPort) bool { return h.opts.Relay.Owns(sender, addr) }
	if m.Type == "description" {
		if m.Description == nil {
			return nil, errors.New("description: is missing")
		}
		sdp, err := mask.Description(m.Description.Type, m.Description.SDP, owns)
		return &descriptionMessage{head{Type: "description"}, m.Pair, description{m.Description.Type, sdp}}, err
	}
	out := &candidateMessage{head: head{Type: "candidate"}, Pair: m.Pair}
	if len(m.Candidate) == 0 || string(m.Candidate) == "null" {
		return out, nil
	}
	var init mask.CandidateInit
	if err := json.Unmarshal(m.Candidate, &init); err != nil {
		return nil, errors.New("candidate: must be an RTCIceCandidateInit or null")
	}
	init, err := init.Mask(owns)
	out.Candidate = &init
	return out, err
}

func (h *Hub) handleText(s *session, l link, m clientMessage, now time.Time) {
	if m.ID == "" || utf8.RuneCountInString(m.ID) > maxTextID {
		h.refuseLocked(s, codeBadMessage, m.Type, fmt.Sprintf("id: must have 1 to %d characters", maxTextID))
		return
	}
	if h.inPairLocked(s, m) == nil {
		return
	}
	switch {
	case m.Body == "":
		h.rejectLocked(s, newRejected(m.ID, codeBadMessage))
	case utf8.RuneCountInString(m.Body) > maxBody:
		h.rejectLocked(s, newRejected(m.ID, codeTooLarge))
	case !s.texts.take(now):
		h.rejectLocked(s, newRejected(m.ID, codeRateLimited))
	default:
		h.relayTextLocked(s, l, m, now)
	}
}

// rejectLocked tells the author of a text that it did not go out.
func (h *Hub) rejectLocked(s *session, m *rejectedMessage) {
	h.refused[m.Code]++
	h.suspectLocked(s.key, refusalPoints[m.Code])
	h.sendLocked(s, m)
}

// printable shortens what a client wrote to something fit for an error.
func printable(text string) string {
	if len(text) > 32 {
		text = text[:32]
	}
	for _, r := range text {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ""
		}
	}
	return text
}
