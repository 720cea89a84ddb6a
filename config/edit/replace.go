package edit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/joingyd/joingyd/config"
)

// places lists the texts that may be what a change makes of the document, the best
// first. None need be right.
func (d *document) places(c Change) (places [][]byte) {
	found := d.find(c)
	if len(found) == 0 {
		return d.insertions(c)
	}
	for _, e := range found {
		if place := d.replaced(e, config.FormatValue(c.Value)); place != nil {
			places = append(places, place)
		}
	}
	return places
}

// replaced is the text with another value for a key; nil where it cannot be made.
func (d *document) replaced(e entry, value string) []byte {
	colon := d.afterColon(e.key)
	if colon < 0 || e.value.Anchor != "" {
		return nil
	}
	if e.value.Kind == yaml.ScalarNode && e.value.Style == 0 && e.value.Value == "" { // nothing is written
		return d.splice(colon, colon, " "+value)
	}
	if e.value.Kind == yaml.SequenceNode && e.value.Style&yaml.FlowStyle == 0 {
		return d.unlisted(e.value, colon, " "+value)
	}
	from := d.at(e.value)
	to := d.end(e.value, from)
	if to < 0 {
		return nil
	}
	return d.splice(from, to, value)
}

// afterColon is where the colon of a key ends.
func (d *document) afterColon(key *yaml.Node) int {
	from := d.at(key)
	to := d.end(key, from)
	if to < 0 {
		return -1
	}
	for to < len(d.text) && d.text[to] == ' ' {
		to++
	}
	if to >= len(d.text) || d.text[to] != ':' {
		return -1
	}
	return to + 1
}

// end is where a node ends that begins at from; -1 where that cannot be told.
func (d *document) end(n *yaml.Node, from int) int {
	if from < 0 || from >= len(d.text) {
		return -1
	}
	rest := d.text[from:]
	switch {
	case n.Kind == yaml.AliasNode:
		return from + len("*"+n.Value)
	case rest[0] == '"' || rest[0] == '\'':
		return from + quoted(rest)
	case n.Kind == yaml.SequenceNode && rest[0] == '[':
		return from + bracketed(rest)
	case n.Kind == yaml.ScalarNode && n.Style == 0 && bytes.HasPrefix(rest, []byte(n.Value)):
		return from + len(n.Value)
	}
	return -1
}

// quoted is the length of the quoted scalar that text begins with, or of all.
func quoted(text []byte) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// bracketed is the length of the list that text begins with, or of all. One with a
// comment in it, which would be lost, seems to be endless.
func bracketed(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '#':
			if strings.ContainsRune(" \t\r\n", rune(text[i-1])) {
				return len(text)
			}
		case '"', '\'':
			i += quoted(text[i:]) - 1
		}
	}
	return len(text)
}

// unlisted is the text with a value behind the colon in place of a list of lines
// that begin with a dash. Comments among them stay.
func (d *document) unlisted(list *yaml.Node, colon int, value string) []byte {
	type span struct{ from, to int }
	cuts := make([]span, 0, len(list.Content))
	for _, item := range list.Content {
		from := d.at(item)
		to := d.end(item, from)
		if to < 0 || item.Anchor != "" {
			return nil
		}
		start, next := d.lines[item.Line-1], len(d.text)
		if item.Line < len(d.lines) {
			next = d.lines[item.Line]
		}
		before := string(d.text[start:from])
		if to > next || strings.Trim(before, " ") != "-" {
			return nil
		}
		cut := span{start + strings.Index(before, "-"), to}
		if len(bytes.TrimSpace(d.text[to:next])) == 0 {
			cut = span{start, next} // nothing else is on the line
		}
		cuts = append(cuts, cut)
	}
	text, last := append(bytes.Clone(d.text[:colon]), value...), colon
	for _, cut := range cuts {
		if cut.from < last {
			return nil
		}
		text = append(text, d.text[last:cut.from]...)
		if rest := d.text[cut.to:]; cut.from != d.lineStart(cut.from) {
			cut.to += len(rest) - len(bytes.TrimLeft(rest, " "))
		}
		last = cut.to
	}
	return append(text, d.text[last:]...)
}

// lineStart is where the line of an offset begins.
func (d *document) lineStart(at int) int {
	start := 0
	for _, line := range d.lines {
		if line > at {
			break
		}
		start = line
	}
	return start
}
