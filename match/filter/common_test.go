package filter

import (
	"testing"
	"time"
)

// ledger counts for several filters, which have the same clock.
type ledger struct {
	now    *time.Time
	said   map[[16]byte][]time.Time
	silent bool
}

func (l *ledger) Said(things []Thing) [][]time.Duration {
	if l.silent {
		return nil
	}
	var list [][]time.Duration
	for _, t := range things {
		l.said[t.Print] = append(l.said[t.Print], *l.now)
		var ago []time.Duration
		for _, at := range l.said[t.Print][max(0, len(l.said[t.Print])-t.Most):] {
			if d := l.now.Sub(at); d < RepeatWindow {
				ago = append(ago, d)
			}
		}
		list = append(list, ago)
	}
	return list
}

// speakers returns one who is at several filters of a site.
func speakers(filters int) (list []*speaker, with *ledger) {
	with = &ledger{said: map[[16]byte][]time.Time{}}
	first := newSpeaker(Options{Repeats: 3, Common: with})
	with.now = first.now
	list = []*speaker{first}
	for range filters - 1 {
		other := *first
		other.f = New(Options{Repeats: 3, Common: with})
		list = append(list, &other)
	}
	return list, with
}

func TestRepetitionAcrossFilters(t *testing.T) {
	for _, test := range []struct {
		name, line string
		passes     int // of 30 chats at 3 filters in turn
	}{
		{"a link", "t.me/foo", 3},
		{"a handle", "my snap is lisa_99", 3},
		{"a long line", "Come to my wonderful room and see the pictures there", 9}, // 6, and one at each filter
		{"small talk", "where are you from", 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, _ := speakers(3)
			passed := 0
			for i := range 30 {
				if list[i%3].say(test.line).Outcome == Delivered {
					passed++
				}
			}
			if passed != test.passes {
				t.Errorf("passed %d times, want %d", passed, test.passes)
			}
			*list[0].now = list[0].now.Add(RepeatWindow)
			for i, s := range list {
				if v := s.say(test.line); v.Outcome != Delivered {
					t.Errorf("after the window at filter %d: %+v", i, v)
				}
			}
		})
	}
}

// In one chat a link may be given any number of times, and who hears nothing counts alone.
func TestRepetitionIsToldOnce(t *testing.T) {
	list, with := speakers(2)
	for range 20 {
		if v := list[0].sayAgain("t.me/foo"); v.Outcome != Delivered {
			t.Fatalf("in one chat: %+v", v)
		}
	}
	for f, times := range with.said {
		if len(times) != 1 {
			t.Errorf("%x was told %d times", f, len(times))
		}
	}
	with.silent = true
	for i := range 8 { // two at the first and three at the second pass
		s := list[i%2]
		if v := s.say("t.me/foo"); (v.Outcome == Delivered) != (i < 4 || i == 5) {
			t.Errorf("chat %d: %+v", i, v)
		}
	}
}
