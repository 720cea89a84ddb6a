package edit

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// document is a text, what it means and where.
type document struct {
	text  []byte
	root  *yaml.Node // the mapping of sections; nil where everything is commented out
	lines []int      // where each begins, in bytes; and the end
	eol   string     // how its first line ends
}

func parse(text []byte) (*document, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, err
	}
	d := &document{text: text, eol: "\n"}
	if first, _, ok := strings.Cut(string(text), "\n"); ok && strings.HasSuffix(first, "\r") {
		d.eol = "\r\n"
	}
	if len(node.Content) > 0 && node.Content[0].Kind == yaml.MappingNode {
		d.root = node.Content[0]
	}
	d.lines = append(d.lines, 0)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		i += size
		switch r {
		case '\r':
			if i < len(text) && text[i] == '\n' {
				i++
			}
			d.lines = append(d.lines, i)
		case '\n', '\u0085', '\u2028', '\u2029': // YAML 1.1 knows them all
			d.lines = append(d.lines, i)
		}
	}
	if d.lines[len(d.lines)-1] != len(text) {
		d.lines = append(d.lines, len(text))
	}
	return d, nil
}

// line is the text of a line, counted from 0, with its end.
func (d *document) line(i int) string { return string(d.text[d.lines[i]:d.lines[i+1]]) }

// at is where a node begins, in bytes; -1 where that cannot be told.
func (d *document) at(n *yaml.Node) int {
	if n.Line < 1 || n.Line >= len(d.lines) {
		return -1
	}
	i := d.lines[n.Line-1]
	for range n.Column - 1 {
		if i >= len(d.text) {
			return -1
		}
		_, size := utf8.DecodeRune(d.text[i:])
		i += size
	}
	return i
}

// entry is a key of a mapping and its value.
type entry struct{ key, value *yaml.Node }

// entries lists those of a mapping with a name, in any case.
func entries(mapping *yaml.Node, name string) (found []entry) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if strings.EqualFold(mapping.Content[i].Value, name) {
			found = append(found, entry{mapping.Content[i], mapping.Content[i+1]})
		}
	}
	return found
}

// find returns where a key is set: in its section, or at the top with a dot.
func (d *document) find(c Change) (found []entry) {
	section, name := c.name()
	if section == "" {
		return entries(d.root, name)
	}
	for _, s := range entries(d.root, section) {
		found = append(found, entries(s.value, name)...)
	}
	return append(found, entries(d.root, c.Key)...)
}

// lineOf says in which line a key is, for an error.
func (d *document) lineOf(c Change) string {
	for _, e := range d.find(c) {
		return fmt.Sprintf(" (line %d)", e.key.Line)
	}
	return ""
}

// splice is the text with a part of it replaced.
func (d *document) splice(from, to int, with string) []byte {
	return []byte(string(d.text[:from]) + with + string(d.text[to:]))
}
