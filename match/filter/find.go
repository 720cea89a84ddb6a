package filter

import (
	"cmp"
	"slices"
	"sync"
)

// kind is what was found in a line.
type kind int

const (
	link kind = iota
	contact
	word
)

// found is a part of a line: body[from:to].
type found struct {
	kind     kind
	from, to int
	key      string // what makes a link or contact the same again, however it is written
}

// finder searches a line. Its memory is used again for the next one.
type finder struct {
	folded
	line      string
	signs     signs
	dots      []int // where what may join the names of a host is in text
	platforms []int // where names of other sites begin
	hits      []found
	said      []byte // see letters
	sayings   []saying
}

var finders = sync.Pool{New: func() any { return new(finder) }}

// release gives the finder back. Nothing of the line stays in it.
func (d *finder) release() {
	clear(d.text[:cap(d.text)])
	clear(d.said[:cap(d.said)])
	clear(d.hits[:cap(d.hits)])
	clear(d.sayings[:cap(d.sayings)])
	d.line = ""
	finders.Put(d)
}

// find returns what is in the line, in order, without overlaps. The result is
// the finder's, until its next use.
func (d *finder) find(line string, words *Words) []found {
	d.line, d.hits = line, d.hits[:0]
	d.fold(line)
	d.signs = d.look(words)
	d.findContacts() // first: an e-mail address has a host in it
	d.findLinks()
	if len(d.hits) > 1 {
		d.hits = merge(d.hits)
	}
	return d.hits
}

// add notes that text[start:end] was found, unless that is part of something
// that was found before.
func (d *finder) add(k kind, start, end int, key string) {
	from, to := d.span(start, end)
	for _, h := range d.hits {
		if h.kind != word && h.from <= from && to <= h.to {
			return
		}
	}
	d.hits = append(d.hits, found{k, from, to, key})
}

// merge sorts by place and makes one of what overlaps: of the first kind of those
// in the list of kinds.
func merge(hits []found) []found {
	slices.SortFunc(hits, func(a, b found) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	out := hits[:1]
	for _, h := range hits[1:] {
		last := &out[len(out)-1]
		if h.from >= last.to {
			out = append(out, h)
			continue
		}
		last.to = max(last.to, h.to)
		if h.kind < last.kind {
			last.kind, last.key = h.kind, h.key
		}
	}
	return out
}
