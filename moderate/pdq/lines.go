package pdq

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// maxLine bounds a line with its end, in bytes.
const maxLine = 64 << 10

// byteOrderMark is what Windows programs put before UTF-8.
const byteOrderMark = "\ufeff"

// lines splits text into lines. A line costs no allocation of its own: text is good
// until the next one.
type lines struct {
	r *bufio.Reader
	n int // the number of the line that was last returned, from 1
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, maxLine)} }

// next returns the next line, without its end and white space around it, or only the
// start of one that is longer than maxLine, which is then passed over. ended tells
// whether it had an end. The last error is io.EOF or the reader's.
func (l *lines) next() (text []byte, long, ended bool, err error) {
	line, err := l.r.ReadSlice('\n')
	if len(line) == 0 {
		return nil, false, false, err
	}
	l.n++
	if err == bufio.ErrBufferFull {
		start := append([]byte(nil), line[:100]...)
		for err == bufio.ErrBufferFull {
			_, err = l.r.ReadSlice('\n')
		}
		return start, true, err == nil, notEOF(err)
	}
	if l.n == 1 {
		line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	}
	return bytes.TrimSpace(line), false, err == nil, notEOF(err)
}

// notEOF returns nil for io.EOF, which comes again.
func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// cells splits a line at its commas as RFC 4180 does. It is not ok where a quote has no
// end on the line, or what follows one is no comma.
func cells(line string, into []string) (_ []string, ok bool) {
	for {
		line = strings.TrimLeft(line, " \t")
		var cell string
		more := false
		if strings.HasPrefix(line, `"`) {
			if cell, line, ok = quoted(line[1:]); !ok {
				return into, false
			}
			if line = strings.TrimLeft(line, " \t"); line != "" {
				if line[0] != ',' {
					return into, false
				}
				line, more = line[1:], true
			}
		} else {
			cell, line, more = strings.Cut(line, ",")
		}
		into = append(into, strings.TrimSpace(cell))
		if !more {
			return into, true
		}
	}
}

// quoted takes the text of a quote, whose first mark is gone already, from a line.
func quoted(line string) (text, rest string, ok bool) {
	var b strings.Builder
	for {
		text, rest, ok := strings.Cut(line, `"`)
		b.WriteString(text)
		if !ok || !strings.HasPrefix(rest, `"`) {
			return b.String(), rest, ok
		}
		b.WriteByte('"')
		line = rest[1:]
	}
}
