package edit

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/joingyd/joingyd/config"
)

// insertions lists the texts with a line for a key that is not set: beneath its
// comment, at the end of its section, beneath its section, at the end.
func (d *document) insertions(c Change) (places [][]byte) {
	section, name := c.name()
	if section == "" {
		if at := d.commented(name, 0, len(d.lines)-1); at >= 0 {
			places = append(places, d.insertLine(at+1, d.margin()+c.line()))
		}
		return append(places, d.appendLine(d.margin()+c.line()))
	}
	sections := entries(d.root, section)
	if len(sections) == 0 {
		return d.withSection(section, c)
	}
	s := sections[0]
	if s.value.Kind == yaml.MappingNode && s.value.Style&yaml.FlowStyle != 0 {
		return d.intoBraces(s.value, c.line())
	}
	indent := d.margin() + "  "
	if s.value.Kind == yaml.MappingNode && len(s.value.Content) > 0 {
		indent = strings.Repeat(" ", max(0, s.value.Content[0].Column-1))
	}
	first, end := s.key.Line, d.sectionEnd(s.key)
	if at := d.commented(name, first, end); at >= 0 {
		places = append(places, d.insertLine(at+1, indent+c.line()))
	}
	return append(places, d.insertLine(lastLine(s.value, first), indent+c.line()), d.insertLine(first, indent+c.line()))
}

// lastLine is the last line in which something of a node begins, and least at least.
func lastLine(n *yaml.Node, least int) int {
	last := max(n.Line, least)
	for _, inner := range n.Content {
		last = lastLine(inner, last)
	}
	return last
}

// withSection lists the texts with a section for the key: beneath the comment that
// it is, or at the end.
func (d *document) withSection(section string, c Change) (places [][]byte) {
	header := d.margin() + section + ":"
	for i := range len(d.lines) - 1 {
		if commentedSection(d.line(i)) != section {
			continue
		}
		if inner, err := parse(d.insertLine(i+1, header)); err == nil {
			places = append(places, inner.insertions(c)...)
		}
		break
	}
	inner, err := parse(d.appendLine(header))
	if err != nil || len(entries(inner.root, section)) == 0 {
		return places
	}
	return append(places, inner.insertions(c)...)
}

// intoBraces lists the text with the key first in a section {in: braces}.
func (d *document) intoBraces(section *yaml.Node, line string) [][]byte {
	at := d.at(section)
	if at < 0 || at >= len(d.text) || d.text[at] != '{' {
		return nil
	}
	if len(section.Content) > 0 {
		line += ", "
	}
	return [][]byte{d.splice(at+1, at+1, line)}
}

// margin is what is before each section.
func (d *document) margin() string {
	if d.root == nil || len(d.root.Content) == 0 {
		return ""
	}
	return strings.Repeat(" ", max(0, d.root.Content[0].Column-1))
}

// sectionEnd is the number of the line that begins what is after a section: another
// one, or the comment that one is.
func (d *document) sectionEnd(key *yaml.Node) int {
	end := len(d.lines) - 1
	for i := 0; i < len(d.root.Content); i += 2 {
		if at := d.root.Content[i].Line - 1; at >= key.Line {
			end = min(end, at)
		}
	}
	for i := key.Line; i < end; i++ {
		if commentedSection(d.line(i)) != "" {
			return i
		}
	}
	return end
}

var (
	sectionComment = regexp.MustCompile(`^# ?([a-z]+):[ \t\r\n]*$`)
	itemComment    = regexp.MustCompile(`^[ \t]*#[ \t]*- `)
)

// commentedSection names the section that a line is the comment of, or is empty.
func commentedSection(line string) string {
	m := sectionComment.FindStringSubmatch(line)
	if m == nil || !slices.ContainsFunc(config.Fields(), func(f config.Field) bool { return strings.HasPrefix(f.Key, m[1]+".") }) {
		return ""
	}
	return m[1]
}

// commented is the last line, from first to before end, of the comment that a key
// is: `#listen: ":8080"`, or several with a list; -1 if there is none.
// One without a blank behind the # comes before what may be a sentence.
func (d *document) commented(name string, first, end int) int {
	for _, blank := range []string{"", "[ \t]+"} {
		key := regexp.MustCompile(`(?i)^[ \t]*#` + blank + regexp.QuoteMeta(name) + `[ \t]*:([ \t\r\n]|$)`)
		for i := end - 1; i >= first; i-- {
			if !key.MatchString(d.line(i)) {
				continue
			}
			for i+1 < end && itemComment.MatchString(d.line(i+1)) {
				i++
			}
			return i
		}
	}
	return -1
}

// insertLine is the text with a line more, before the one with that number.
func (d *document) insertLine(before int, line string) []byte {
	if before >= len(d.lines)-1 {
		return d.appendLine(line)
	}
	at := d.lines[before]
	return d.splice(at, at, line+d.eol)
}

// appendLine is the text with a line more at its end.
func (d *document) appendLine(line string) []byte {
	text := string(d.text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += d.eol
	}
	if strings.HasSuffix(line, ":") && text != "" { // a section
		text += d.eol
	}
	return []byte(text + line + d.eol)
}
