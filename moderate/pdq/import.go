package pdq

import (
	"fmt"
	"io"
	"strings"
)

// maxRefusals is how many refusals a report tells in full.
const maxRefusals = 100

// Report is what became of the lines of an import.
type Report struct {
	New      int       // hashes that were not known
	Known    int       // hashes that were known, or came before
	Refused  int       // lines
	Refusals []Refusal // the first 100 of them
}

// Refusal is a line that was not taken.
type Refusal struct {
	Line int    // from 1
	Why  string // what is wrong, and what to do
}

// Error returns line and reason.
func (r Refusal) Error() string { return fmt.Sprintf("line %d: %s", r.Line, r.Why) }

func (r *Report) refuse(line int, why string) {
	r.Refused++
	if len(r.Refusals) < maxRefusals {
		r.Refusals = append(r.Refusals, Refusal{line, why})
	}
}

// Import makes known what a file lists:
//
//   - one hash a line, and a label after a comma; or CSV with a header that names the
//     column of the hash (hash, pdq, signal_str, indicator), such as what
//     threatexchange dataset -P --csv writes. A quote ends on its line.
//   - "pdq" in front of a hash, as threatexchange hash writes it, is passed over.
//   - # begins a comment, at the start of a line.
//
// A hash without a label gets the one given; one that is known keeps the label that it
// has. Lines that cannot be taken are refused one by one, among them hashes of other
// kinds, of pictures of too little quality, and in categories that say that a picture
// is harmless or not verified. The error is the reader's,
// or that of the list's file: then nothing has changed.
func (l *List) Import(r io.Reader, label string) (Report, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	report, fresh, err := l.current().read(r, label)
	if err == nil && len(fresh) > 0 {
		err = l.addLocked(fresh)
	}
	if err != nil {
		return Report{}, err
	}
	return report, nil
}

// Check returns what Import would, and changes nothing.
func (l *List) Check(r io.Reader, label string) (Report, error) {
	report, _, err := l.current().read(r, label)
	return report, err
}

// read returns what is new in a file.
func (s *set) read(r io.Reader, label string) (report Report, fresh []Entry, err error) {
	in := newLines(r)
	label = clean(label)
	seen := make(map[Hash]struct{})
	labels := make(map[string]string) // one copy of each
	var columns []column
	var row []string
	for {
		text, long, _, err := in.next()
		if err == io.EOF {
			return report, fresh, nil
		}
		if err != nil {
			return Report{}, nil, err
		}
		if long {
			report.refuse(in.n, tooLong)
			continue
		}
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		var ok bool
		if row, ok = cells(string(text), row[:0]); !ok {
			report.refuse(in.n, "a quote has no end, or is followed by more than a comma; write a record a line, and a quote within one twice")
			continue
		}
		if columns == nil {
			if columns = header(row); columns != nil {
				continue
			}
			columns = headerless
		}
		e, why := entry(columns, row)
		_, again := seen[e.Hash]
		switch {
		case why != "":
			report.refuse(in.n, why)
		case again || s.has(e.Hash):
			report.Known++
		case len(s.hashes)+len(fresh) >= MaxEntries:
			report.refuse(in.n, full())
		default:
			if e.Label == "" {
				e.Label = label
			}
			if _, ok := labels[e.Label]; !ok {
				labels[e.Label] = strings.Clone(e.Label)
			}
			e.Label = labels[e.Label]
			seen[e.Hash] = struct{}{}
			fresh = append(fresh, e)
			report.New++
		}
	}
}

const tooLong = "it is longer than 64 KiB; split it, or delete it"
