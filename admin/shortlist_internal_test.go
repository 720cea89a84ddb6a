package admin

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestShortlist(t *testing.T) {
	many := rand.New(rand.NewPCG(1, 2)).Perm(10_000)
	for _, tt := range []struct {
		n, offset int
		want      []int
	}{
		{5, 0, []int{0, 1, 2, 3, 4}},
		{5, 3, []int{3, 4}},
		{5, 5, []int{}},
		{5, 9, []int{}},
		{1, 0, []int{0}},
	} {
		l := shortlist[int]{n: tt.n, order: cmp.Compare[int]}
		for _, one := range many {
			l.add(one)
		}
		if got := l.from(tt.offset); !slices.Equal(got, tt.want) || got == nil {
			t.Errorf("the first %d from %d: %v, want %v", tt.n, tt.offset, got, tt.want)
		}
		if cap(l.kept) > 4*tt.n {
			t.Errorf("the first %d are kept in room for %d", tt.n, cap(l.kept))
		}
	}
	all := shortlist[int]{order: cmp.Compare[int]}
	for _, one := range many {
		all.add(one)
	}
	if got := all.from(0); len(got) != len(many) || !slices.IsSorted(got) {
		t.Errorf("without a limit %d of %d are kept", len(got), len(many))
	}
}
