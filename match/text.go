package match

import (
	"fmt"
	"time"

	"github.com/joingyd/joingyd/match/filter"
)

// spam is the reason of mutes and bans that the filter brings.
const spam = "spam"

// relayTextLocked passes a text through the filter and to the partner. Filtering
// takes its time, so the lock is given free meanwhile and everything is looked at
// again after. An author's texts keep their order: their socket's reader waits.
func (h *Hub) relayTextLocked(s *session, l link, m clientMessage, now time.Time) {
	p := s.pair
	line := filter.Line{Body: m.Body, Chat: p.id, Session: s.id, Source: s.key, At: now}
	h.mu.Unlock()
	verdict := h.filter.Load().Check(line)
	h.mu.Lock()
	if h.closed {
		return // the client says it again, to the next hub
	}
	h.verdicts[verdict.Outcome][verdict.Reason]++
	if verdict.Struck {
		h.struckLocked(line.Source, verdict.Ban)
	}
	if verdict.Ban {
		h.spamBans.offer(spamBan{distinct(h.addrsLocked(s)), verdict.BanFor})
	}
	switch {
	case h.sessions[s.id] != s || s.link != l:
		// Only the present link is listened to: see followLocked.
	case s.pair != p:
		h.refuseLocked(s, codeStalePair, m.Type, "that chat is over")
	case verdict.Outcome == filter.Rejected:
		h.rejectTextLocked(s, m.ID, verdict)
	default:
		h.deliverLocked(s, m, verdict)
	}
}

// deliverLocked gives a text that passed the filter to the partner.
func (h *Hub) deliverLocked(s *session, m clientMessage, v filter.Verdict) {
	p := s.pair
	line := p.said.next(s.id, h.opts.Now(), v.Body)
	shown := proof{line.Order, line.At, h.prover.prove(p.id, line)}
	if !h.forwardLocked(s.partner(), &textMessage{head{Type: "text"}, m.Pair, m.ID, v.Body, shown}) {
		h.rejectLocked(s, newRejected(m.ID, codeRateLimited))
		return
	}
	p.said.keep(line)
	h.spokeLocked(s)
	p.typists[p.side(s)].stop() // the text itself takes it back
	sent := &sentMessage{head: head{Type: "sent"}, ID: m.ID, proof: shown}
	if v.Outcome == filter.MaskedOut {
		sent.Body = v.Body
	}
	h.sendLocked(s, sent)
}

// rejectTextLocked tells the author why the filter rejected a text, and of the
// mute that it brought.
func (h *Hub) rejectTextLocked(s *session, id string, v filter.Verdict) {
	rejected := newRejected(id, codeFiltered)
	rejected.Reason = string(v.Reason)
	if v.Reason == filter.Muted {
		rejected.Code, rejected.Reason, rejected.Until = codeMuted, spam, timestamp(v.Until)
	}
	h.rejectLocked(s, rejected)
	if !v.Mute.IsZero() {
		h.mutes++
		h.suspectLocked(s.key, pointsMuted)
		h.sendLocked(s, &actionMessage{head{Type: "action"}, s.pair.id.String(), "mute", spam, timestamp(v.Mute)})
	}
}

// timestamp returns t as clients are told it: on a whole second, never too soon.
func timestamp(t time.Time) *time.Time {
	t = t.UTC().Add(time.Second - 1).Truncate(time.Second)
	return &t
}

// interestsPassLocked reports whether partners may be shown the interests of a
// find, and refuses it otherwise. The lock is given free meanwhile, as it is for
// texts.
func (h *Hub) interestsPassLocked(s *session, l link, m clientMessage) bool {
	if len(m.Interests) == 0 {
		return true
	}
	h.mu.Unlock()
	detail := h.refusedInterest(m.Interests)
	h.mu.Lock()
	if h.sessions[s.id] != s || s.link != l {
		return false // see followLocked
	}
	if detail != "" {
		h.refuseLocked(s, codeBadMessage, m.Type, detail)
		return false
	}
	return true
}

// refusedInterest returns what is wrong with one of the interests, if anything.
func (h *Hub) refusedInterest(interests []string) string {
	for i, interest := range interests {
		switch reason, refused := h.filter.Load().Refuses(interest); {
		case !refused:
		case reason == filter.Word:
			return fmt.Sprintf("interests[%d]: has a word in it that this site does not allow; choose another", i)
		default:
			return fmt.Sprintf("interests[%d]: has a %s in it; name something to talk about", i, reason)
		}
	}
	return ""
}
