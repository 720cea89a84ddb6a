package admin

import "slices"

// shortlist keeps the first n of many in an order, and never more than twice as
// many at a time. Of n = 0 it keeps all.
type shortlist[T any] struct {
	n     int
	order func(a, b T) int
	kept  []T
}

func (l *shortlist[T]) add(one T) {
	if l.kept = append(l.kept, one); l.n > 0 && len(l.kept) >= 2*l.n {
		l.cut()
	}
}

func (l *shortlist[T]) cut() {
	slices.SortStableFunc(l.kept, l.order)
	if l.n > 0 && len(l.kept) > l.n {
		clear(l.kept[l.n:])
		l.kept = l.kept[:l.n]
	}
}

// from returns what is kept, in order, without the first offset. It is never nil.
func (l *shortlist[T]) from(offset int) []T {
	l.cut()
	if l.kept == nil {
		return []T{}
	}
	return l.kept[min(offset, len(l.kept)):]
}
