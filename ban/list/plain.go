package list

import (
	"bufio"
	"io"
	"net/netip"
	"strings"
	"time"
)

// readPlain reads one target a line. What follows the target, up to a comment,
// is taken for a comment as well (a count, a country), unless it is a target
// itself: of two on a line nobody knows whether both are meant, or a range.
func readPlain(in *lines, out *sink) error {
	for {
		text, long, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if long {
			err = out.refuse(in.n, text, tooLong)
		} else if d, why := plainLine(text); why != "" {
			err = out.refuse(in.n, text, why)
		} else if d.target != "" {
			d.line = in.n
			err = out.add(d)
		}
		if err != nil {
			return err
		}
	}
}

// plainLine reads a line. One without a target is blank or a comment.
func plainLine(text string) (d draft, why string) {
	d.target = text
	if i := strings.IndexAny(text, "#;"); i >= 0 {
		d.target = text[:i]
		d.end, d.source = commentEnd(strings.TrimSpace(text[i+1:]))
	}
	d.target = strings.TrimSpace(d.target)
	i := strings.IndexAny(d.target, " \t")
	if i < 0 {
		return d, ""
	}
	if prefixes, why := rangeOf(d.target); len(prefixes) > 0 || why != "" {
		return d, "" // add splits or refuses it
	}
	others := d.target[i:]
	d.target = d.target[:i]
	for word := range strings.FieldsSeq(others) {
		if isAddress(word) {
			return d, "there are several addresses on the line; write one a line, or a range as FIRST-LAST"
		}
	}
	if d.source == "" {
		d.source = others
	}
	return d, ""
}

// commentEnd takes the end out of a comment that begins as writePlain's do.
func commentEnd(comment string) (end, rest string) {
	first, rest, _ := strings.Cut(comment, ";")
	if first == "permanent" {
		return first, rest
	}
	if at, ok := strings.CutPrefix(first, "until "); ok {
		if _, err := time.Parse(time.RFC3339, at); err == nil {
			return at, rest
		}
	}
	return "", comment
}

// isAddress reports whether word is an address or a prefix.
func isAddress(word string) bool {
	address, _, _ := strings.Cut(word, "/")
	_, err := netip.ParseAddr(address)
	return err == nil
}

// plainWriter writes a target a line, with its end and reason as a comment.
type plainWriter struct{ w *bufio.Writer }

func (p plainWriter) begin() error { return nil }

func (p plainWriter) add(r row) error {
	p.w.WriteString(r.target.String())
	if r.until.IsZero() {
		p.w.WriteString(" # permanent")
	} else {
		p.w.WriteString(" # until " + r.until.UTC().Format(time.RFC3339))
	}
	if r.reason != "" {
		p.w.WriteString("; " + oneLine(r.reason))
	}
	return p.w.WriteByte('\n')
}

func (p plainWriter) end() error { return nil }
