package optimum

// event is what happens when the search has moved prices by at:
//
//	a ≥ 0:        the edge a–b between two outer nodes becomes tight
//	a == reaches: the best edge from an outer vertex to the free vertex b does
//	a == expands: the inner blossom b has no price left
//
// Events are not taken back when they cease to apply; who takes one checks.
type event struct {
	at   int64
	a, b int32
}

const (
	reaches int32 = -1 - iota
	expands
)

// heap has the earliest event in front.
type heap []event

func (h *heap) push(e event) {
	s := append(*h, e)
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if s[up].at <= e.at {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = e
	*h = s
}

func (h *heap) pop() event {
	s := *h
	front, last := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return front
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(s) {
			break
		}
		if down+1 < len(s) && s[down+1].at < s[down].at {
			down++
		}
		if last.at <= s[down].at {
			break
		}
		s[i] = s[down]
		i = down
	}
	s[i] = last
	return front
}
