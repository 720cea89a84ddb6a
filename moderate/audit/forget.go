package audit

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// forgotten is what an entry audit.forget says: which months are gone, and with
// which entry they ended.
type forgotten struct {
	before month
	last   link
}

// The details of audit.forget.
const (
	forgetBefore  = "before"
	forgetLastSeq = "last_seq"
	forgetHash    = "last_hash"
	forgetFiles   = "files"
	forgetDamage  = "damage"
)

func (f forgotten) details() map[string]string {
	return map[string]string{
		forgetBefore:  string(f.before),
		forgetLastSeq: strconv.FormatUint(f.last.seq, 10),
		forgetHash:    f.last.hash.String(),
	}
}

// forgotten reads the entry, if it is an audit.forget.
func (e *Entry) forgotten() (f forgotten, ok bool) {
	if e.Did != didForget {
		return f, false
	}
	f.before = month(e.Details[forgetBefore])
	seq, err := strconv.ParseUint(e.Details[forgetLastSeq], 10, 64)
	f.last.seq = seq
	return f, errors.Join(err, f.last.hash.UnmarshalText([]byte(e.Details[forgetHash]))) == nil
}

// Forget removes the files of the months before the one of a time, except the one
// that is being written, and returns how many. Before it does, it appends an entry
// audit.forget with the number and hash of the last entry that goes, from which
// Verify goes on. If it is interrupted, the next call does the rest. Months that do
// not verify go too; the entry says so.
func (l *Log) Forget(by Actor, before time.Time) (removed int, err error) {
	if err := checkText("by", string(by), 1, 128); err != nil {
		return 0, err
	}
	l.write.Lock()
	defer l.write.Unlock()
	all, err := months(l.path)
	if err != nil {
		return 0, err
	}
	keep := min(monthOf(before), max(l.month, monthOf(l.now())))
	old := 0
	for old < len(all) && all[old] < keep {
		old++
	}
	if old == 0 {
		return 0, nil
	}
	record, err := l.farewellLocked(all, old, keep)
	if err != nil {
		return 0, err
	}
	// The entry must not go into a file that goes, should the clock be set back now.
	if err := l.rewindLocked(); err != nil {
		return 0, err
	}
	if err := l.turnLocked(max(l.month, keep)); err != nil {
		return 0, fmt.Errorf("audit: nothing was removed: %w; check the disk", err)
	}
	record.By = by
	if _, err := l.commitLocked([]Record{record}); err != nil {
		return 0, err
	}
	for _, m := range all[:old] {
		if err := os.Remove(l.dir.Path(m.file())); err != nil {
			return removed, errors.Join(fmt.Errorf("audit: %s is still there: %w", m.file(), err), l.dir.Sync())
		}
		removed++
	}
	return removed, l.dir.Sync()
}

// farewellLocked makes the record of what goes: the first old months of all. What
// stays begins with an entry that names the last of them; else that is the head.
func (l *Log) farewellLocked(all []month, old int, keep month) (Record, error) {
	head := l.Head()
	f := forgotten{before: keep, last: link{head.Seq, head.Hash}}
	for _, m := range all[old:] {
		s, err := scanFile(l.path, m)
		if err != nil {
			return Record{}, err
		}
		if s.first != nil {
			f.last = s.first.before()
			break
		}
	}
	r := Record{Did: didForget, On: string(keep), Details: f.details()}
	r.Details[forgetFiles] = strconv.Itoa(old)
	var broken *Break
	for _, m := range all[:old] {
		s, err := scanFile(l.path, m)
		if err != nil {
			return Record{}, err
		}
		if s.broken != nil && broken == nil {
			broken = s.broken
		}
	}
	if broken != nil {
		r.Details[forgetDamage] = fmt.Sprintf("%s, line %d: %s", broken.File, broken.Line, broken.Why)
	}
	return r, nil
}
