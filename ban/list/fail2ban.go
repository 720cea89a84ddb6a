package list

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// fail2ban reads what fail2ban-client prints, line by line in whichever of its
// forms a line has. It prints all addresses of a jail, or of all jails, on one
// line, which is as long as it needs.
type fail2ban struct {
	in   *lines
	out  *sink
	jail string // whose addresses come next
	log  fail2banLog
}

func readFail2ban(in *lines, out *sink) error {
	f := &fail2ban{in: in, out: out}
	for {
		text, more, err := in.piece()
		if err == io.EOF {
			return f.log.end(out)
		}
		if err == nil {
			err = f.line(text, more)
		}
		if err != nil {
			return err
		}
	}
}

// line reads the line that begins with text.
func (f *fail2ban) line(text string, more bool) error {
	text = strings.TrimLeft(text, " \t")
	isTree := strings.HasPrefix(text, "|") || strings.HasPrefix(text, "`")
	if _, addresses, found := strings.Cut(text, "IP list:"); found && isTree {
		return f.list(addresses, more) // of status JAIL
	}
	first := text
	if i := strings.IndexFunc(text, isSeparator); i >= 0 {
		first = text[:i]
	}
	switch _, end, isTimed := strings.Cut(text, " = "); {
	case strings.HasPrefix(text, "["): // of banned
		return f.list(text, more)
	case isAddress(first) && !isTimed: // of get JAIL banip
		return f.list(text, more)
	case more:
		return f.refuseRest(text, tooLong)
	case isAddress(first): // of get JAIL banip --with-time
		return f.out.add(draft{line: f.in.n, target: first, end: end, source: f.jail})
	}
	if _, message, found := strings.Cut(text, "fail2ban"); found {
		return f.log.line(f.in.n, message, f.out)
	}
	return f.status(strings.TrimSpace(text))
}

// status reads a line of status that has no addresses.
func (f *fail2ban) status(text string) error {
	label, jail, _ := strings.Cut(strings.TrimLeft(text, "|`- "), ": ")
	switch {
	case label == "Status for the jail", label == "Jail":
		f.jail = strings.Clone(jail)
	case text == "", strings.HasPrefix(text, "Status"), strings.ContainsAny(text[:1], "|`"):
	default:
		return f.out.refuse(f.in.n, text, "fail2ban-client prints no such line; import what its status JAIL, banned, or get JAIL banip --with-time prints")
	}
	return nil
}

// list reads the addresses of a line from text on.
func (f *fail2ban) list(text string, more bool) error {
	for {
		goesOn := "" // the last word may
		if more {
			i := strings.LastIndexFunc(text, isSeparator)
			if i < 0 {
				return f.refuseRest(text, tooLong)
			}
			text, goesOn = text[:i], text[i+1:]
		}
		for word := range strings.FieldsFuncSeq(text, isSeparator) {
			if err := f.word(word); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		next, m, err := f.in.piece()
		if err != nil && err != io.EOF {
			return err
		}
		text, more = goesOn+next, m
	}
}

// isSeparator reports what is between the words of a list, be it of words or a
// Python literal: [{'sshd': ['192.0.2.1', '192.0.2.7']}].
func isSeparator(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",[]{}", r) }

// word reads a word of a list: an address, or a jail in front of its addresses.
func (f *fail2ban) word(word string) error {
	name := strings.Trim(word, `'":`)
	if strings.HasSuffix(word, `':`) || strings.HasSuffix(word, `":`) {
		f.jail = strings.Clone(name)
		return nil
	}
	return f.out.add(draft{line: f.in.n, target: strings.Trim(word, `'"`), source: f.jail})
}

// refuseRest refuses a line and passes over what is left of it.
func (f *fail2ban) refuseRest(text, why string) error {
	_, more, err := f.in.piece()
	for more && err == nil {
		_, more, err = f.in.piece()
	}
	if err != nil && err != io.EOF {
		return err
	}
	return f.out.refuse(f.in.n, text, why)
}

// fail2banWriter writes what fail2ban-client get JAIL banip --with-time prints,
// with times in the location of now.
type fail2banWriter struct {
	w   *bufio.Writer
	now time.Time
}

func (f fail2banWriter) begin() error { return nil }

func (f fail2banWriter) add(r row) error {
	since, end, seconds := r.created, "9999-12-31 23:59:59", int64(-1) // permanent
	if since.IsZero() {
		since = f.now
	}
	if !r.until.IsZero() {
		end = r.until.In(f.now.Location()).Format(time.DateTime)
		seconds = int64(r.until.Sub(since).Seconds())
	}
	_, err := fmt.Fprintf(f.w, "%s \t%s + %d = %s\n", r.target, since.In(f.now.Location()).Format(time.DateTime), seconds, end)
	return err
}

func (f fail2banWriter) end() error { return nil }
