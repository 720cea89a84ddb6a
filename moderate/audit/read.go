package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// Break is where the chain does not verify.
type Break struct {
	File string // its name in the directory
	Line int    // from 1
	Why  string
}

// Error says where and why.
func (b *Break) Error() string {
	return fmt.Sprintf("audit: %s, line %d does not verify: %s; compare with a backup", b.File, b.Line, b.Why)
}

// line is one line of a file.
type line struct {
	number int // from 1
	entry  Entry
	why    string // what is wrong with it, else empty
	size   int64  // in bytes, with the line's end
	torn   bool   // it has no end
}

const whyTorn = "it is torn: it has no end"

// lines reads the lines of a file. An error is the last that it yields.
func lines(r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		buffered := bufio.NewReaderSize(r, maxLine)
		for number := 1; ; number++ {
			l, err := readLine(buffered)
			l.number = number
			if err == io.EOF && l.size == 0 {
				return
			}
			if err == io.EOF {
				l.torn, l.why, err = true, whyTorn, nil
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// readLine reads a line up to its end or that of the file, which is io.EOF.
func readLine(r *bufio.Reader) (l line, err error) {
	text, err := r.ReadSlice('\n')
	l.size = int64(len(text))
	if err == nil {
		l.entry, l.why = parse(text[:len(text)-1])
		return l, nil
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		l.why = fmt.Sprintf("it has more than %d bytes", maxLine)
		text, err = r.ReadSlice('\n')
		l.size += int64(len(text))
	}
	return l, err
}

// link is what the next entry must continue.
type link struct {
	seq  uint64
	hash Hash
}

func (e *Entry) link() link { return link{e.Seq, e.Hash} }

// before is the link that an entry continues.
func (e *Entry) before() link { return link{e.Seq - 1, e.Prev} }

// breaks says why an entry does not continue a link, else nothing. Without a link,
// it is the first that there is.
func (e *Entry) breaks(from *link) string {
	switch {
	case from == nil && e.Seq == 0:
		return "its number is 0, they begin with 1"
	case from == nil && e.Seq == 1 && e.Prev != Hash{}:
		return "it is the first and names one before it"
	case from == nil:
		return ""
	case e.Seq != from.seq+1:
		return fmt.Sprintf("its number is %d where %d must come: lines are missing, or others were put in", e.Seq, from.seq+1)
	case e.Prev != from.hash:
		return "it does not name the hash of the entry before it"
	}
	return ""
}

// walk reads the whole chain in order and calls visit with each entry that
// verifies, until that returns false. It returns the first break, and how many
// bytes follow the last line's end: of a write that a crash tore, or that is under
// way.
func walk(dir string, visit func(month, Entry) bool) (torn int64, broken *Break, err error) {
	all, err := months(dir)
	if err != nil {
		return 0, nil, err
	}
	var from *link
	for i, m := range all {
		w := walker{month: m, last: i == len(all)-1, from: from, visit: visit}
		if err := w.file(dir); err != nil || w.broken != nil || w.stopped {
			return 0, w.broken, err
		}
		torn, from = w.torn, w.from
	}
	return torn, nil, nil
}

// walker is the state of walk within one file.
type walker struct {
	month   month
	last    bool // no file follows
	from    *link
	visit   func(month, Entry) bool
	torn    int64
	broken  *Break
	stopped bool
}

func (w *walker) file(dir string) error {
	f, err := os.Open(filepath.Join(dir, w.month.file()))
	if err != nil {
		return err
	}
	defer f.Close()
	for l, err := range lines(f) {
		if err != nil {
			return err
		}
		if l.torn && w.last {
			w.torn = l.size
			return nil
		}
		why := l.why
		if why == "" {
			why = l.entry.breaks(w.from)
		}
		if why != "" {
			w.broken = &Break{File: w.month.file(), Line: l.number, Why: why}
			return nil
		}
		next := l.entry.link()
		w.from = &next
		if !w.visit(w.month, l.entry) {
			w.stopped = true
			return nil
		}
	}
	return nil
}

// Entries reads the log in order. It ends with the first error, which is a *[Break]
// where the chain does not verify. Entries that are appended meanwhile may or may
// not come.
func Entries(dir string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		stopped := false
		_, broken, err := walk(dir, func(_ month, e Entry) bool {
			stopped = !yield(e, nil)
			return !stopped
		})
		if broken != nil {
			err = broken
		}
		if err != nil && !stopped {
			yield(Entry{}, err)
		}
	}
}
