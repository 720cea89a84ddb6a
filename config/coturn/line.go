package coturn

import (
	"strings"
	"unicode/utf8"
)

// line is an option as it is written.
type line struct {
	number      int
	name, value string
}

// parseLine takes a line apart as coturn does; not ok is a comment or nothing.
func parseLine(number int, text string) (l line, ok bool) {
	text = strings.Trim(text, " \t\r\n\v\f")
	if text == "" || text[0] == '#' {
		return line{}, false
	}
	l = line{number: number, name: text}
	if at := strings.IndexAny(text, " \t="); at >= 0 {
		l.name, l.value = text[:at], strings.TrimLeft(text[at:], " \t=")
	}
	if value, quoted := strings.CutPrefix(l.value, `"`); quoted {
		l.value = strings.TrimSuffix(value, `"`)
	}
	return l, true
}

// off reports whether a switch's value switches it off.
func (l line) off() bool {
	switch {
	case l.value == "":
		return false
	case strings.ContainsRune("0nNfF", rune(l.value[0])):
		return true
	}
	return l.value == "off" || l.value == "OFF" || l.value == "Off"
}

// maxShown bounds what a note shows of a line, in characters.
const maxShown = 100

// text is the line as it may be shown. What is not known may be a secret with its
// name misspelt.
func (l line) text(showValue bool) string {
	text := printable(l.name)
	switch {
	case l.value == "":
		return text
	case !showValue:
		return text + "=…"
	}
	return text + "=" + printable(l.value)
}

// printable is text without what would end a comment or move a terminal's cursor,
// and not too long.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == utf8.RuneError || r == '\ufeff' {
			return '?'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return text
}
