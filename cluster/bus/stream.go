package bus

import "slices"

// remembered is how many processes that a node had before are known as over.
const remembered = 256

// stream is what was heard of one node: which process it is now, and the number of its next
// message. Its zero value is right.
type stream struct {
	now  Incarnation // zero: none was heard yet
	next uint64
	over []Incarnation // those before, the last one last
}

// taken is what becomes of a frame's messages.
type taken struct {
	over  bool // it is of a process that another followed: nothing of it is to be used
	fresh bool // the first of its process
	gap   bool // something was lost before it
	skip  int  // messages at its beginning that were had before
}

// take hears messages first, first+1, … of a process; with a count of 0, that first is
// the number of its next one.
func (s *stream) take(from Incarnation, first uint64, count int) taken {
	end := first + uint64(count)
	switch {
	case from == s.now:
	case slices.Contains(s.over, from):
		return taken{over: true, skip: count}
	default:
		if s.now != (Incarnation{}) {
			s.over = append(s.over[max(0, len(s.over)-remembered+1):], s.now)
		}
		s.now, s.next = from, end
		return taken{fresh: true, gap: true}
	}
	switch {
	case first > s.next:
		s.next = end
		return taken{gap: true}
	case end <= s.next: // also a mark of what is known
		return taken{skip: count}
	}
	skip := int(s.next - first)
	s.next = end
	return taken{skip: skip}
}
