package moderate_test

import (
	"slices"
	"testing"

	"github.com/joingyd/joingyd/moderate"
)

// Who asks has what ended deleted; what waits, is held or is needed stays, and can be
// asked for again.
func TestErase(t *testing.T) {
	f := open(t, nil)
	me := moderate.Subject{Session: "mine", Pseudonyms: []string{"me", "of-a", "of-b", "of-c", "of-d"}}
	decided := f.file("a", "spam", "x")
	held, needed, waits := f.file("b", "spam", "x"), f.file("c", "spam", "x"), f.file("d", "spam", "x")
	mine, other := f.file("mine", "spam", "x"), f.file("e", "spam", "me")
	others := f.file("f", "spam", "y")
	f.hold(held, 40*day)
	for _, id := range []string{decided, held, needed, mine, other, others} {
		f.decide(id, "ann", moderate.Warn)
	}
	is := func(ids ...string) func([]string) bool {
		slices.Sort(ids)
		return func(got []string) bool { return slices.Equal(slices.Sorted(slices.Values(got)), ids) }
	}
	check := func(got moderate.Forgotten, cases func([]string) bool) {
		t.Helper()
		if !cases(got.Cases) || !is(waits)(got.Open) || !is(held)(got.Held) || !is(needed)(got.Needed) {
			t.Errorf("%+v", got)
		}
	}
	keep := func(k *moderate.Case) bool { return k.ID == needed }
	dry, err := f.Erase(me, keep, true)
	if err != nil {
		t.Fatal(err)
	}
	check(dry, is(decided, mine))
	if found, err := f.Concerning(me); err != nil || len(found.Cases) != 5 || found.Said != 1 || len(found.Words) != 1 || found.Words[0].Upheld != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	got, err := f.Erase(me, keep, false)
	if err != nil || got.Said != 1 || got.Words != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	check(got, is(decided, mine))
	f.reopen()
	again, err := f.Erase(me, keep, false) // as after a crash
	if err != nil || again.Said != 0 || again.Words != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	check(again, is())
	if k, err := f.Get(other); err != nil || k.Reports[0].Reporter != "" {
		t.Errorf("%+v, %v", k, err)
	}
	kept, err := f.Kept()
	if err != nil || kept.Cases != 5 || kept.Held != 1 || kept.Words != 2 || kept.Months != 1 || kept.Bytes == 0 || !kept.Oldest.Equal(f.now) {
		t.Errorf("%+v, %v", kept, err)
	}
}
