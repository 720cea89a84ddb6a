package audit

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Report is what Verify has found.
type Report struct {
	Entries   uint64     // that verify
	Head      Head       // the last of them
	Torn      int64      // bytes after the last line: a write under way, or torn by a crash
	Break     *Break     // the first, or nil; nothing behind it was read
	Proven    int        // heads that are in the chain
	Forgotten int        // heads of months that were removed by Forget, of which nothing can be said
	Unproven  []Unproven // heads that should be in the chain and are not
}

// Unproven is a head that was exported and that the log does not have.
type Unproven struct {
	Head Head
	Why  string
}

// Err returns what is wrong with the log, nil if nothing is.
func (r *Report) Err() error {
	var err error
	if r.Break != nil {
		err = r.Break
	}
	for _, u := range r.Unproven {
		err = errors.Join(err, fmt.Errorf("audit: the head %d of %s is not in the log: %s", u.Head.Seq, u.Head.At.Format(time.DateOnly), u.Why))
	}
	return err
}

// Verify reads the whole log, which may be in use, and looks for each head in it.
// Its error is that of the file system; what is wrong with the log is in the
// report. Should a month be forgotten meanwhile, its file is missed: try again.
func Verify(dir string, heads []Head) (Report, error) {
	v := verifier{wanted: slices.Clone(heads)}
	slices.SortStableFunc(v.wanted, func(a, b Head) int { return cmp.Compare(a.Seq, b.Seq) })
	torn, broken, err := walk(dir, func(m month, e Entry) bool {
		v.add(m, e)
		return true
	})
	if err != nil {
		return Report{}, err
	}
	v.report.Torn, v.report.Break = torn, broken
	v.finish()
	return v.report, nil
}

type verifier struct {
	report  Report
	wanted  []Head // by number, those that are still ahead
	gone    []Head // of entries before the first that there is
	started bool
	ends    []end // the first stands for what was before the first file
	forgets []forgotten
}

// end is the last entry of a month.
type end struct {
	month month // empty for what is no longer there
	link
}

func (v *verifier) add(m month, e Entry) {
	if !v.started {
		v.started = true
		v.ends = []end{{link: e.before()}, {month: m}}
		for len(v.wanted) > 0 && v.wanted[0].Seq < e.Seq {
			v.gone, v.wanted = append(v.gone, v.wanted[0]), v.wanted[1:]
		}
	}
	if last := &v.ends[len(v.ends)-1]; last.month != m {
		v.ends = append(v.ends, end{month: m, link: e.link()})
	} else {
		last.link = e.link()
	}
	if f, ok := e.forgotten(); ok {
		v.forgets = append(v.forgets, f)
	}
	v.report.Entries++
	v.report.Head = Head{Seq: e.Seq, Hash: e.Hash, At: e.At}
	for len(v.wanted) > 0 && v.wanted[0].Seq == e.Seq {
		v.compare(v.wanted[0], e.Hash)
		v.wanted = v.wanted[1:]
	}
}

func (v *verifier) compare(h Head, hash Hash) {
	if h.Hash == hash {
		v.report.Proven++
		return
	}
	v.unproven(h, "there is another entry in its place: the log was written anew")
}

func (v *verifier) unproven(h Head, why string) {
	v.report.Unproven = append(v.report.Unproven, Unproven{Head: h, Why: why})
}

// finish judges the beginning, and the heads that were not met.
func (v *verifier) finish() {
	why := fmt.Sprintf("the log ends with %d: its end was cut off", v.report.Head.Seq)
	if v.report.Break != nil {
		why = "it would be behind the place where the chain breaks"
	}
	for _, h := range v.wanted {
		v.unproven(h, why)
	}
	v.judgeGone(v.judgeBeginning())
}

// judgeBeginning finds the entry that says why those before the first are gone.
// It returns the month before which they are.
func (v *verifier) judgeBeginning() (before month) {
	if !v.started || v.ends[0].seq == 0 {
		return ""
	}
	for _, f := range v.forgets {
		if v.vouches(f) {
			before = max(before, f.before)
		}
	}
	if before == "" && v.report.Break == nil {
		v.report.Break = &Break{File: v.ends[1].month.file(), Line: 1,
			Why: fmt.Sprintf("the entries up to %d are gone, and no entry says that their months were to be forgotten", v.ends[0].seq)}
	}
	return before
}

// vouches reports whether what was forgotten ends where a month does. That month
// may still be there: Forget may have been interrupted.
func (v *verifier) vouches(f forgotten) bool {
	for i, e := range v.ends {
		if e.link == f.last && e.month < f.before && (i+1 == len(v.ends) || v.ends[i+1].month >= f.before) {
			return true
		}
	}
	return false
}

// judgeGone is for heads before the first entry. The last of what is gone is known
// by its hash.
func (v *verifier) judgeGone(before month) {
	for _, h := range v.gone {
		switch {
		case h.Seq == v.ends[0].seq:
			v.compare(h, v.ends[0].hash)
		case monthOf(h.At) < before:
			v.report.Forgotten++
		default:
			v.unproven(h, "its month should still be there")
		}
	}
}
