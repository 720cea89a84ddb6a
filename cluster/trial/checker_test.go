package trial_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// goodDeeds is a history written by hand: two who meet at 1 s, talk, and part at 60 s.
func goodDeeds() []deed {
	return []deed{
		{at: 0, session: "a", what: didCome}, {at: 0, session: "b", what: didCome},
		{at: 1, session: "a", what: didFind}, {at: 1, session: "a", what: "waiting", mode: "text"}, {at: 1, session: "b", what: didFind},
		{at: 1, session: "a", what: "matched", pair: "p"}, {at: 1, session: "b", what: "matched", pair: "p"},
		{at: 2, session: "a", what: didSay, pair: "p", body: "p/1/1"},
		{at: 2, session: "b", what: "text", pair: "p", order: 1, body: "p/1/1"}, {at: 2, session: "a", what: "sent", pair: "p", order: 1, body: "p/1/1"},
		{at: 50, session: "b", what: didBreak}, {at: 51, session: "b", what: didCome},
		{at: 60, session: "a", what: didLeave}, {at: 60, session: "b", what: "left", pair: "p"},
	}
}

// overtaking is one who waits while many who come later meet.
func overtaking() []deed {
	list := []deed{{at: 70, session: "c", what: didFind}, {at: 70, session: "c", what: "waiting", mode: "text"}, {at: 100, session: "c", what: didLeave}}
	for i := range mostLater {
		list = append(list, deed{at: 80, session: "a", what: didFind}, deed{at: 80, session: "a", what: "matched", mode: "text", pair: fmt.Sprint("q", i)}, deed{at: 80, session: "a", what: didLeave})
	}
	return append(list, deed{at: 81, session: "b", what: didFind}, deed{at: 81, session: "b", what: "matched", mode: "text", pair: "r"}, deed{at: 81, session: "b", what: didLeave})
}

// The checker finds what it is for, and nothing in a history that is as it should be.
func TestChecker(t *testing.T) {
	for _, test := range []struct {
		name    string
		add     []deed // by time
		drop    string // "session what"
		trouble span
		want    string // rules
	}{
		{name: "good"},
		{name: "matched while in a chat", add: []deed{{at: 20, session: "a", what: "matched", pair: "q"}, {at: 20, session: "c", what: didFind}, {at: 20, session: "c", what: "matched", pair: "q"}}, want: "alone double pair"},
		{name: "matched without a search", add: []deed{{at: 70, session: "a", what: "matched", pair: "q"}}, want: "double pair"},
		{name: "next, and matched at once", add: []deed{{at: 61, session: "a", what: didFind}, {at: 61, session: "a", what: "matched", pair: "q"}, {at: 62, session: "a", what: didLeave}}},
		{name: "whom one has blocked", add: []deed{
			{at: 59, session: "a", what: "blocked", pair: "p"}, {at: 70, session: "a", what: didFind}, {at: 70, session: "a", what: "matched", pair: "q"},
			{at: 70, session: "b", what: didFind}, {at: 70, session: "b", what: "matched", pair: "q"}}, want: "met again met again"},
		{name: "three", add: []deed{{at: 3, session: "c", what: didFind}, {at: 3, session: "c", what: "matched", pair: "p"}}, want: "crowd"},
		{name: "alone", drop: "b matched", want: "alone line"},
		{name: "not told of the end", add: []deed{{at: 95, session: "b", what: "online"}}, drop: "b left", want: "alone"},
		{name: "not told of the end by a node that heard nobody", trouble: span{70, 84}, add: []deed{{at: 95, session: "b", what: "online"}}, drop: "b left"},
		{name: "nor long after that", trouble: span{62, 70}, add: []deed{{at: 95, session: "b", what: "online"}}, drop: "b left", want: "alone"},
		{name: "a line to a stranger", add: []deed{{at: 3, session: "c", what: "text", pair: "p", order: 1, body: "p/1/1"}}, want: "line line"},
		{name: "a line twice", add: []deed{{at: 3, session: "b", what: "text", pair: "p", order: 2, body: "p/1/1"}}, want: "line"},
		{name: "a line out of order", add: []deed{{at: 3, session: "a", what: "sent", pair: "p", order: 3, body: "p/1/9"}, {at: 3, session: "b", what: "text", pair: "p", order: 3, body: "p/1/9"}}, want: "line line line"},
		{name: "a line lost", drop: "b text", want: "line"},
		{name: "a line after the end", add: []deed{{at: 62, session: "b", what: "text", pair: "p", order: 2, body: "p/1/2"}, {at: 59, session: "a", what: didSay, pair: "p", body: "p/1/2"}}, want: "line"},
		{name: "a line altered", add: []deed{{at: 3, session: "a", what: "text", pair: "p", order: 2, body: "altered: x"}}, want: "line"},
		{name: "two wait", add: []deed{
			{at: 70, session: "c", what: didFind}, {at: 70, session: "c", what: "waiting", mode: "text"}, {at: 72, session: "d", what: didFind}, {at: 72, session: "d", what: "waiting", mode: "text"}, {at: 90, session: "c", what: didLeave}}, want: "stuck"},
		{name: "two wait during a fault", trouble: span{75, 83}, add: []deed{
			{at: 70, session: "c", what: didFind}, {at: 70, session: "c", what: "waiting", mode: "text"}, {at: 72, session: "d", what: didFind}, {at: 72, session: "d", what: "waiting", mode: "text"}, {at: 90, session: "c", what: didLeave}}},
		{name: "two wait for another", add: []deed{
			{at: 70, session: "c", what: didFind}, {at: 70, session: "c", what: "waiting", mode: "text"}, {at: 72, session: "d", what: didFind}, {at: 72, session: "d", what: "waiting", mode: "video"}, {at: 90, session: "c", what: didLeave}}},
		{name: "two who have left", add: []deed{
			{at: 70, session: "c", what: didFind}, {at: 70, session: "c", what: didLeave}, {at: 70, session: "c", what: "waiting", mode: "text"},
			{at: 70, session: "d", what: didFind}, {at: 70, session: "d", what: "waiting", mode: "text"}, {at: 90, session: "d", what: didLeave}}},
		{name: "one after the other", add: []deed{
			{at: 70, session: "c", what: didFind}, {at: 70, session: "c", what: "waiting", mode: "text"}, {at: 82, session: "c", what: "matched", pair: "q"}, {at: 82, session: "d", what: didFind}, {at: 82, session: "d", what: "waiting", mode: "text"}, {at: 94, session: "d", what: didLeave}}},
		{name: "one waits while others come and go", add: overtaking(), want: "stuck"},
		{name: "no answer", add: []deed{{at: 70, session: "a", what: noAnswer, body: didFind}}, want: "unanswered"},
		{name: "no answer after a fault", trouble: span{50, 65}, add: []deed{{at: 70, session: "a", what: noAnswer, body: didFind}}},
		{name: "a session that is not there", add: []deed{{at: 51, session: "b", what: didLose}, {at: 51, session: "b", what: didEnd}}, want: "lost session"},
		{name: "a session after a long time", add: []deed{{at: 70, session: "a", what: didBreak}, {at: 90, session: "a", what: didLose}}},
		{name: "a number missing", add: []deed{{at: 70, session: "a", what: badOrder}}, want: "sequence"},
	} {
		h := newHistory()
		h.trouble = []span{{test.trouble.from * time.Second, test.trouble.to * time.Second}}
		for _, d := range append(goodDeeds(), test.add...) {
			if test.drop != d.session+" "+d.what {
				d.at *= time.Second
				h.deeds = append(h.deeds, d)
			}
		}
		slices.SortStableFunc(h.deeds, func(a, b deed) int { return int(a.at - b.at) })
		var rules []string
		wrong := h.check()
		for _, b := range wrong {
			rules = append(rules, b.rule)
		}
		slices.Sort(rules)
		if got := strings.Join(rules, " "); got != test.want {
			t.Errorf("%s: %q, want %q: %v", test.name, got, test.want, wrong)
		}
	}
}
