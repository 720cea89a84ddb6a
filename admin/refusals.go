package admin

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxRefusals is how many refused lines are named, and how many reasons.
const maxRefusals = 20

// otherReasons stands for those that there is no room for.
const otherReasons = "other reasons"

// refusals counts the lines that an import refuses, in memory that does not grow
// with them.
type refusals struct {
	total int
	first []ImportRefusal
	whys  map[string]int
}

func (r *refusals) add(line int, text, why string) {
	r.total++
	if len(r.first) < maxRefusals {
		r.first = append(r.first, ImportRefusal{line, strings.Clone(text), why})
	}
	if r.whys == nil {
		r.whys = map[string]int{}
	}
	reason := withoutText(why, text)
	if r.whys[reason] == 0 && len(r.whys) >= maxRefusals-1 {
		reason = otherReasons
	}
	r.whys[reason]++
}

// withoutText says of every line the same: it, in place of what the line holds.
func withoutText(why, text string) string {
	if rest, found := strings.CutPrefix(why, text+" "); found {
		return "it " + rest
	}
	return strings.ReplaceAll(why, strconv.Quote(text), "it")
}

// sorted returns the first refusals by line: some are found later than others.
func (r *refusals) sorted() []ImportRefusal {
	list := append([]ImportRefusal{}, r.first...)
	slices.SortStableFunc(list, func(a, b ImportRefusal) int { return cmp.Compare(a.Line, b.Line) })
	return list
}

// reasons returns why lines were refused, the most frequent first.
func (r *refusals) reasons() []ImportReason {
	list := []ImportReason{}
	for _, why := range slices.Sorted(maps.Keys(r.whys)) {
		list = append(list, ImportReason{why, r.whys[why]})
	}
	slices.SortStableFunc(list, func(a, b ImportReason) int { return cmp.Compare(b.Lines, a.Lines) })
	return list
}
