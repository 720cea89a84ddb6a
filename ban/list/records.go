package list

import (
	"io"
	"strings"
)

// records splits lines into CSV records as RFC 4180 has them. encoding/csv
// would keep all of a field whose quote is never closed.
type records struct {
	lines  *lines
	fields []string // of the last record
	quoted []byte   // what was read of a quoted field
	size   int      // of what was read of the record
	long   bool     // that is more than maxLine
}

// next reads the next record that is neither blank nor a comment into fields,
// and returns the line on which it begins. A non-empty why tells what is wrong
// with it.
func (r *records) next() (line int, why string, err error) {
	var text string
	for text == "" || text[0] == '#' {
		r.size, r.long = 0, false
		if text, err = r.line(); err != nil {
			return 0, "", err
		}
		if r.long {
			break
		}
	}
	line = r.lines.n
	why, err = r.split(text)
	switch {
	case err == io.EOF:
		return line, "a quote is opened and never closed; close it, and import from this line on again", nil
	case r.long:
		why = tooLong
	}
	return line, why, err
}

// split reads the record that begins with the line text.
func (r *records) split(text string) (why string, err error) {
	r.fields = r.fields[:0]
	for {
		if !strings.HasPrefix(text, `"`) {
			field, rest, more := strings.Cut(text, ",")
			if strings.Contains(field, `"`) {
				return "there is a quote inside a field; put the whole field into quotes, and double those inside", nil
			}
			r.fields = append(r.fields, field)
			if !more {
				return "", nil
			}
			text = rest
			continue
		}
		if text, err = r.quotedField(text[1:]); err != nil || text == "" {
			return "", err
		}
		if text[0] != ',' {
			return "there is text behind a closing quote; double the quotes inside a field", nil
		}
		text = text[1:]
	}
}

// quotedField reads a field behind its opening quote, over as many lines as it
// has, and returns what is behind the closing one.
func (r *records) quotedField(text string) (rest string, err error) {
	r.quoted = r.quoted[:0]
	for {
		value, after, closed := strings.Cut(text, `"`)
		r.quoted = append(r.quoted, value...)
		if !closed {
			r.quoted = append(r.quoted, '\n')
			if text, err = r.line(); err != nil {
				return "", err
			}
			continue
		}
		if !strings.HasPrefix(after, `"`) {
			r.fields = append(r.fields, string(r.quoted))
			return after, nil
		}
		r.quoted = append(r.quoted, '"')
		text = after[1:]
	}
}

// line returns the record's next line. Once the record is too long it returns,
// of each line, just what tells whether a quote is open behind it: where the
// record ends still counts, or the text of a field would be read as bans.
func (r *records) line() (string, error) {
	text, more, err := r.lines.piece()
	if err != nil {
		return "", err
	}
	r.size += len(text) + 1
	if !more && r.size <= maxLine {
		return text, nil
	}
	r.long = true
	r.quoted = r.quoted[:0]
	quotes := strings.Count(text, `"`)
	for more && err == nil {
		text, more, err = r.lines.piece()
		quotes += strings.Count(text, `"`)
	}
	if err == io.EOF {
		err = nil // the piece before was the last
	}
	return strings.Repeat(`"`, quotes%2), err
}
