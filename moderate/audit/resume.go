package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// scan is what one file says, whether it verifies or not.
type scan struct {
	month      month
	first, end *Entry // that are whole in themselves
	after      uint64 // lines after end that are not
	lines      int    // that have an end
	size       int64  // of all lines that have an end
	torn       int64  // bytes after them
	broken     *Break
}

func scanFile(dir string, m month) (s scan, err error) {
	s.month = m
	f, err := os.Open(filepath.Join(dir, m.file()))
	if err != nil {
		return s, err
	}
	defer f.Close()
	var from *link
	for l, err := range lines(f) {
		if err != nil {
			return s, err
		}
		if l.torn {
			s.torn = l.size
			break
		}
		s.size += l.size
		s.lines++
		s.add(l, from)
		if s.end != nil {
			next := s.end.link()
			from = &next
		}
	}
	return s, nil
}

func (s *scan) add(l line, from *link) {
	why := l.why
	if why == "" && (from != nil || l.number == 1) {
		why = l.entry.breaks(from)
	}
	if why != "" && s.broken == nil {
		s.broken = &Break{File: s.month.file(), Line: l.number, Why: why}
	}
	if l.why != "" {
		s.after++
		return
	}
	s.end, s.after = &l.entry, 0
	if s.first == nil {
		s.first = &l.entry
	}
}

// resume finds where the chain goes on, mends a torn last line and notes other
// damage.
func (l *Log) resume() error {
	all, err := months(l.path)
	if err != nil || len(all) == 0 {
		return err
	}
	var scans []scan // the latest first, up to the second with an entry
	for _, m := range slices.Backward(all) {
		s, err := scanFile(l.path, m)
		if err != nil {
			return err
		}
		if scans = append(scans, s); s.end != nil && slices.ContainsFunc(scans[:len(scans)-1], func(s scan) bool { return s.end != nil }) {
			break
		}
	}
	l.month, l.size = scans[0].month, scans[0].size
	l.goOn(scans)
	l.judge(scans)
	return l.mend(scans[0])
}

// goOn sets the head to the last entry that is whole. What follows it and is not
// is counted, so that numbers are not used twice.
func (l *Log) goOn(scans []scan) {
	var after uint64
	for _, s := range scans {
		after += s.after
		if s.end != nil {
			l.head = Head{Seq: s.end.Seq + after, Hash: s.end.Hash, At: s.end.At}
			return
		}
	}
	l.head.Seq = after
}

// judge sets damage to the first break that the files have.
func (l *Log) judge(scans []scan) {
	var broken *Break
	note := func(s scan, line int, why string) {
		if broken == nil && why != "" {
			broken = &Break{File: s.month.file(), Line: line, Why: why}
		}
	}
	var from *link
	for i, s := range slices.Backward(scans) {
		if s.first != nil && from != nil {
			note(s, 1, s.first.breaks(from))
		}
		if s.broken != nil {
			note(s, s.broken.Line, s.broken.Why)
		}
		if s.torn > 0 && i > 0 { // a file follows
			note(s, s.lines+1, whyTorn)
		}
		if s.end != nil {
			next := s.end.link()
			from = &next
		}
	}
	if broken != nil {
		l.damage = broken
		l.log.Error("the audit log does not verify; it is appended to, compare it with a backup",
			"file", broken.File, "line", broken.Line, "problem", broken.Why)
	}
}

// mend cuts a torn last line off.
func (l *Log) mend(s scan) (err error) {
	l.write.Lock()
	defer l.write.Unlock()
	if err = os.Chmod(l.dir.Path(s.month.file()), 0o600); err != nil {
		return fmt.Errorf("audit: %w; the daemon's user must own the file", err)
	}
	if l.file, err = l.open(l.dir.Path(s.month.file())); err != nil || s.torn == 0 {
		return err
	}
	l.spoilt = true
	if err := l.rewindLocked(); err != nil {
		return err
	}
	l.log.Warn("the audit log's last line was torn by a crash and is cut off; nobody was told that it is recorded",
		"file", s.month.file(), "bytes", s.torn)
	l.owed = []Record{{By: Rule("audit"), Did: didRepaired, On: s.month.file(),
		Details: map[string]string{"bytes": strconv.FormatInt(s.torn, 10)}}}
	if _, err := l.commitLocked(nil); err != nil {
		l.log.Warn("the repair of the audit log is not recorded yet; it will be with the next entry", "error", err)
	}
	return nil
}
