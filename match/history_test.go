package match_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// deed is one thing that a visitor did or was told, in the order of a site's history.
type deed struct {
	session string
	what    string // find, leave, matched, left, text, sent, over
	pair    string
	seq     uint64 // of what was told, 0 otherwise
	order   uint64 // of a line
	body    string
	at      string // when, for who reads it
}

// history is all that a site's visitors did and were told. It is checked when all is over.
type history struct{ deeds []deed }

// check returns what must never be: a chat with other than two, a session in two chats, a
// message lost, doubled or out of order, a line lost or doubled.
func (h *history) check() (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	sides := map[string][]string{} // sessions, by pair
	over := map[string]bool{}      // sessions and sessions' pairs that have ended, as far as their visitors know
	last := map[string]uint64{}
	chat := map[string]string{}
	asked := map[string]int{}
	orders := map[string]uint64{} // of the last line, by session and pair
	lines := map[string][]string{}
	for _, d := range h.deeds {
		if d.seq > 0 {
			if d.seq != last[d.session]+1 {
				complain("%s was told number %d after %d", d.session, d.seq, last[d.session])
			}
			last[d.session] = d.seq
		}
		key := d.session + " in " + d.pair
		switch d.what {
		case "find":
			asked[d.session]++
		case "over":
			over[d.session] = true
		case "matched":
			if before := chat[d.session]; before != "" && asked[d.session] == 0 {
				complain("%s is in %s and %s", d.session, before, d.pair)
			}
			asked[d.session] = max(0, asked[d.session]-1)
			chat[d.session] = d.pair
			sides[d.pair] = append(sides[d.pair], d.session)
		case "left":
			over[key] = true
			if chat[d.session] == d.pair {
				chat[d.session] = ""
			}
		case "leave":
			over[d.session+" in "+chat[d.session]] = true
			chat[d.session] = "" // a chat that its find has brought may still be told of
		case "text", "sent":
			if d.order != orders[key]+1 {
				complain("%s had line %d after %d", key, d.order, orders[key])
			}
			orders[key] = d.order
			if d.what == "text" {
				lines[d.pair+" "+d.body] = append(lines[d.pair+" "+d.body], d.session)
			}
		}
	}
	for line, by := range lines {
		if len(by) > 1 {
			complain("line %q came to %v", line, by)
		}
	}
	for pair, list := range sides {
		slices.Sort(list)
		switch unique := slices.Compact(slices.Clone(list)); {
		case len(unique) != len(list) || len(unique) > 2:
			complain("%s is a chat of %v", pair, list)
		case len(unique) == 1 && !over[unique[0]] && !over[unique[0]+" in "+pair] && chat[unique[0]] == pair:
			complain("%s is in %s with nobody", unique[0], pair)
		}
	}
	for session, pair := range chat {
		for _, partner := range sides[pair] {
			if pair != "" && !over[session] && !over[partner] && chat[partner] != pair {
				complain("%s is in %s, and %s is not", session, pair, partner)
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// The checker finds what it is for.
func TestHistoryChecker(t *testing.T) {
	told := func(session, what, pair string, seq uint64) deed {
		return deed{session: session, what: what, pair: pair, seq: seq}
	}
	good := []deed{
		{session: "a", what: "find"}, {session: "b", what: "find"},
		told("a", "matched", "p", 1), told("b", "matched", "p", 1),
		{session: "a", what: "sent", pair: "p", seq: 2, order: 1}, {session: "b", what: "text", pair: "p", seq: 2, order: 1, body: "a 1"},
		told("b", "left", "p", 3), {session: "a", what: "leave"}, {session: "a", what: "find"}, told("a", "matched", "r", 3), told("e", "matched", "r", 1),
	}
	for _, test := range []struct {
		name string
		more []deed
		want string
	}{
		{"good", nil, ""},
		{"two chats", []deed{told("a", "matched", "q", 4), told("c", "matched", "q", 1)}, "a is in r and q; e is in r, and a is not"},
		{"three in one", []deed{told("c", "matched", "p", 1)}, "c is in p, and a is not; c is in p, and b is not; p is a chat of [a b c]"},
		{"left alone", []deed{{session: "c", what: "find"}, {session: "d", what: "find"}, told("c", "matched", "q", 1), told("d", "matched", "q", 1), {session: "c", what: "leave"}}, "d is in q, and c is not"},
		{"alone", []deed{{session: "c", what: "find"}, told("c", "matched", "q", 1)}, "c is in q with nobody"},
		{"a message lost", []deed{told("b", "waiting", "", 5)}, "b was told number 5 after 3"},
		{"a message doubled", []deed{told("b", "waiting", "", 3)}, "b was told number 3 after 3"},
		{"a line lost", []deed{{session: "a", what: "sent", pair: "p", seq: 4, order: 3}}, "a in p had line 3 after 1"},
		{"a line doubled", []deed{{session: "a", what: "text", pair: "p", seq: 4, order: 2, body: "a 1"}}, "line \"p a 1\" came to [b a]"},
	} {
		h := history{slices.Concat(good, test.more)}
		if got := strings.Join(h.check(), "; "); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
