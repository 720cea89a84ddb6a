package list

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// maxLine bounds a line with its end, a CSV record, and a JSON value; in bytes.
const maxLine = 64 << 10

const tooLong = "it is longer than 64 KiB; split it, or delete it"

// lines splits text into lines in constant memory. What it returns are pieces
// of strings of up to maxLine bytes, so that a line costs no allocation of its
// own; who keeps one for long clones it.
type lines struct {
	scan *bufio.Scanner
	rest string // what was scanned and not returned
	more bool   // the last piece did not end its line
	n    int    // the number of the line that was last returned, from 1
}

func newLines(r io.Reader) *lines {
	l := &lines{scan: bufio.NewScanner(r)}
	l.scan.Buffer(make([]byte, maxLine), maxLine)
	l.scan.Split(wholeLines)
	return l
}

// wholeLines is a bufio.SplitFunc for as many lines as there are, or else for
// maxLine bytes of one that is longer.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if end := bytes.LastIndexByte(data, '\n') + 1; end > 0 {
		return end, data[:end], nil
	}
	if len(data) == maxLine || atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// piece returns the next line without its end or, if that is longer than
// maxLine, the next part of it; more tells that the line goes on. The last
// error is io.EOF or the reader's.
func (l *lines) piece() (text string, more bool, err error) {
	if l.rest == "" {
		if !l.scan.Scan() {
			if err := l.scan.Err(); err != nil {
				return "", false, err
			}
			return "", false, io.EOF
		}
		l.rest = l.scan.Text()
	}
	if !l.more {
		l.n++
	}
	text, rest, ended := strings.Cut(l.rest, "\n")
	l.rest, l.more = rest, !ended && len(text) == maxLine
	if !l.more {
		text = strings.TrimSuffix(text, "\r")
	}
	return text, l.more, nil
}

// next returns the next line, or only the start of one that is longer than
// maxLine, which is then passed over.
func (l *lines) next() (text string, long bool, err error) {
	text, more, err := l.piece()
	long = more
	for more && err == nil {
		_, more, err = l.piece()
	}
	if err == io.EOF && long {
		err = nil // the piece before was the last
	}
	return text, long, err
}
