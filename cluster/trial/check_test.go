package trial_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	grace     = 15 * time.Second // for which a partner who is gone is waited for,
	mostAlone = 28 * time.Second // after 5 s in which his node was not heard, on a machine that is busy
	mostWait  = 8 * time.Second  // of two who could meet
	mostLater = 20               // who find somebody before one who is past his patience by far
	delivered = 8 * time.Second  // for a line
	resumable = 12 * time.Second // after the loss of a socket: less than the grace
)

// breach is what must never be.
type breach struct {
	at   time.Duration
	rule string
	text string
}

func (b breach) String() string {
	return fmt.Sprintf("%s, at %.1f s: %s", b.rule, b.at.Seconds(), b.text)
}

// stay is one side of a chat, as its visitor knows it.
type stay struct {
	session, pair string
	span
	hears []span // when there was a socket
}

// story is a history sorted by what the rules ask about.
type story struct {
	*history
	deeds  []deed
	end    time.Duration
	stays  map[string][]*stay // by pair
	said   map[string]deed    // by body
	wrongs []breach
}

// check returns every breach of a rule, in the order of time.
func (h *history) check() []breach {
	s := &story{history: h, deeds: h.all(), stays: map[string][]*stay{}, said: map[string]deed{}}
	if len(s.deeds) > 0 {
		s.end = s.deeds[len(s.deeds)-1].at
	}
	s.told()
	s.pairs()
	s.blocks()
	s.lines()
	s.waits()
	slices.SortFunc(s.wrongs, func(a, b breach) int { return int(a.at - b.at) })
	return s.wrongs
}

func (s *story) complain(at time.Duration, rule, format string, args ...any) {
	s.wrongs = append(s.wrongs, breach{at, rule, fmt.Sprintf(format, args...)})
}

// visit is a session as far as its visitor knows it.
type visit struct {
	stay    *stay // nil: in no chat
	finds   int   // that got no answer yet: each gets one, in its order
	waits   bool  // it was told so: it may be matched, once
	hearing bool  // there is a socket
	broke   deed  // when there was one last
}

func (v *visit) leave(at time.Duration) {
	if v.stay == nil {
		return
	}
	v.stay.to = at
	v.deaf(at)
	v.stay = nil
}

func (v *visit) deaf(at time.Duration) {
	if v.stay != nil && v.hearing {
		v.stay.hears[len(v.stay.hears)-1].to = at
	}
}

// told checks what each session was told by itself: it is in a chat only after it sought one, in
// one at a time, gets an answer, and is there when its visitor comes back.
func (s *story) told() {
	visits := map[string]*visit{}
	for _, d := range s.deeds {
		v := visits[d.session]
		if v == nil {
			v = new(visit)
			visits[d.session] = v
		}
		switch d.what {
		case didFind:
			v.finds++
			v.leave(d.at)
		case didLeave, didEnd, "banned", "action":
			v.leave(d.at)
		case didSay:
			s.said[d.body] = d
		case didCome:
			v.hearing = true
			if v.stay != nil {
				v.stay.hears = append(v.stay.hears, span{d.at, s.end})
			}
		case didBreak:
			v.deaf(d.at)
			v.hearing, v.broke = false, d
		case didLose:
			v.leave(d.at)
			if gone := (span{v.broke.at, d.at}); gone.lasts() < resumable && s.well(gone) == gone {
				s.complain(d.at, "lost session", "%s came back to %s after %v, and was not there any more", d.session, d.node, gone.lasts())
			}
		case "left":
			if v.stay != nil && v.stay.pair == d.pair {
				v.leave(d.at)
			}
		case "waiting":
			v.leave(d.at) // what crossed its find
			v.finds, v.waits = max(0, v.finds-1), true
		case "error":
			if strings.HasPrefix(d.body, didFind) {
				v.finds = max(0, v.finds-1)
			}
		case "matched":
			switch {
			case v.waits:
				v.waits = false
			case v.finds > 0:
				v.finds--
			case v.stay != nil:
				s.complain(d.at, "double pair", "%s is in %s and %s", d.session, v.stay.pair, d.pair)
			default:
				s.complain(d.at, "double pair", "%s, which did not wait, is in %s", d.session, d.pair)
			}
			v.leave(d.at)
			v.stay = &stay{session: d.session, pair: d.pair, span: span{d.at, s.end}, hears: []span{{d.at, s.end}}}
			s.stays[d.pair] = append(s.stays[d.pair], v.stay)
		case noAnswer:
			if s.well(span{d.at - answerTime, d.at}).lasts() > answerTime/2 {
				s.complain(d.at, "unanswered", "%s at %s had no answer to %s", d.session, d.node, d.body)
			}
		case badOrder:
			s.complain(d.at, "sequence", "%s at %s: %s", d.session, d.node, d.body)
		}
	}
}

// pairs checks that each chat is of two, who both know of it.
func (s *story) pairs() {
	for pair, sides := range s.stays {
		if len(sides) > 2 || len(sides) == 2 && sides[0].session == sides[1].session {
			s.complain(sides[len(sides)-1].from, "crowd", "%s is a chat of %d", pair, len(sides))
			continue
		}
		for i, st := range sides {
			with := span{st.from, st.from}
			if len(sides) == 2 {
				with = sides[1-i].span
			}
			// Who cannot hear cannot be told that he is alone.
			for _, heard := range st.hears {
				alone := span{max(heard.from, with.to), heard.to}
				// A node that hears no other cannot know, and waits for the partner when it does again.
				if well := s.well(alone); alone.lasts() > mostAlone && (well == alone || well.lasts() > grace) {
					s.complain(alone.from+mostAlone, "alone", "%s is in %s with nobody for %v", st.session, pair, alone.lasts())
				}
			}
		}
	}
}

// blocks checks that two do not meet again of whom one has blocked the other.
func (s *story) blocks() {
	between := func(pair string) (both [2]string, are bool) {
		sides := s.stays[pair]
		if len(sides) != 2 {
			return both, false
		}
		both = [2]string{sides[0].session, sides[1].session}
		slices.Sort(both[:])
		return both, true
	}
	blocked := map[[2]string]string{} // the chat
	for _, d := range s.deeds {
		both, are := between(d.pair)
		switch {
		case !are:
		case d.what == "blocked":
			blocked[both] = d.pair
		case d.what == "matched" && blocked[both] != "" && blocked[both] != d.pair:
			s.complain(d.at, "met again", "%s and %s meet in %s, and one blocked the other in %s", both[0], both[1], d.pair, blocked[both])
		}
	}
}

// lines checks that what is said reaches the partner, once, in its order, and nobody else.
func (s *story) lines() {
	heard := map[string]deed{} // by body
	last := map[[2]string]uint64{}
	in := map[string]string{} // chat by session, as far as told
	for _, d := range s.deeds {
		switch d.what {
		case "matched":
			in[d.session] = d.pair
		case "waiting", didLose:
			in[d.session] = ""
		case "left":
			if in[d.session] == d.pair {
				in[d.session] = ""
			}
		case "text", "sent":
			key := [2]string{d.session, d.pair}
			if d.order != last[key]+1 {
				s.complain(d.at, "line", "%s had line %d of %s after %d", d.session, d.order, d.pair, last[key])
			}
			last[key] = d.order
			if in[d.session] != d.pair {
				s.complain(d.at, "line", "%s is in %q, and had line %q of %s", d.session, in[d.session], d.body, d.pair)
			}
			if d.what == "sent" {
				continue
			}
			said, known := s.said[d.body]
			if !known || said.pair != d.pair || said.session == d.session {
				s.complain(d.at, "line", "%s had line %q of %s, which %q said in %q", d.session, d.body, d.pair, said.session, said.pair)
			}
			if before, twice := heard[d.body]; twice {
				s.complain(d.at, "line", "%q came to %s and %s", d.body, before.session, d.session)
			}
			heard[d.body] = d
		}
	}
	s.arrived(heard)
}

// arrived checks that lines which went out have come, where the partner stayed.
func (s *story) arrived(heard map[string]deed) {
	for _, d := range s.deeds {
		if _, came := heard[d.body]; d.what != "sent" || came {
			continue
		}
		for _, st := range s.stays[d.pair] {
			if st.session != d.session && slices.ContainsFunc(st.hears, func(h span) bool {
				return s.well(span{max(h.from, d.at), min(h.to, st.to)}).lasts() > delivered
			}) {
				s.complain(d.at+delivered, "line", "%q went out in %s, and never came to %s", d.body, d.pair, st.session)
			}
		}
	}
}

// wait is a search that was not over at once.
type wait struct {
	span
	session string
}

// waits checks that no two wait who could meet, and that nobody waits while those who come later
// find somebody.
func (s *story) waits() {
	began := map[string]deed{} // by session
	asked := map[string]time.Duration{}
	waits, met := map[string][]wait{}, map[string][]span{} // by mode
	done := func(session string, at time.Duration) {
		if d, waited := began[session]; waited {
			delete(began, session)
			if w := s.well(span{d.at, at}); w.lasts() > mostWait {
				waits[d.mode] = append(waits[d.mode], wait{w, session})
			}
		}
	}
	for _, d := range s.deeds {
		switch d.what {
		case "waiting":
			if asked[d.session] > 0 { // else it crossed a leave
				began[d.session] = d
			}
		case "matched":
			done(d.session, d.at)
			met[d.mode] = append(met[d.mode], span{asked[d.session], d.at})
		case didFind:
			asked[d.session] = d.at
			done(d.session, d.at)
		case didLeave:
			asked[d.session] = 0
			done(d.session, d.at)
		case "error", "banned", didBreak, didEnd, didLose:
			done(d.session, d.at)
		}
	}
	for session := range began {
		done(session, s.end)
	}
	for mode, list := range waits {
		slices.SortFunc(list, func(a, b wait) int { return int(a.from - b.from) })
		for i, w := range list {
			s.overtaken(mode, w, met[mode])
			for _, other := range list[:i] {
				if both := (span{max(w.from, other.from), min(w.to, other.to)}); both.lasts() > mostWait {
					s.complain(both.from+mostWait, "stuck", "%s and %s both wait for %s for %v", w.session, other.session, mode, both.lasts())
					break
				}
			}
		}
	}
}

// overtaken checks that a wait is none in which others are served.
func (s *story) overtaken(mode string, w wait, met []span) {
	later := 0
	for _, other := range met {
		if w.from+mostWait/2 < other.from && other.to < w.to {
			later++
		}
	}
	if later > mostLater {
		s.complain(w.from+mostWait, "stuck", "%s waits for %s for %v, and %d who came later did not", w.session, mode, w.lasts(), later)
	}
}
