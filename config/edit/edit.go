// Package edit sets keys in an operator's YAML file and leaves the rest of its text
// as it is: comments, order, quotes, line ends.
//
//	text ─▶ where the key may go ─▶ text with it ─▶ parsed anew ─▶ every other key as before?
//	           (several places, the best first)                      yes: done   no: the next place
//
// A key that is there gets another value in its place. One that is commented out,
// as in the packaged file, is written beneath that comment; any other one beneath
// its section, which is added at the end where it is missing.
//
// Nothing is written that does not pass the last step, so what this package does
// not understand (a value over several lines, an anchor that others use) is an
// error, which says what to write by hand, and never a spoilt file.
package edit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/joingyd/joingyd/config"
)

// Change sets one key.
type Change struct {
	Key   string // "turn.public_host", or "data_dir"
	Value any    // as config.Field.Value returns it
}

// name returns the key's section, empty for one at the top, and its name there.
func (c Change) name() (section, name string) {
	if section, name, nested := strings.Cut(c.Key, "."); nested {
		return section, name
	}
	return "", c.Key
}

// line is how the key is written.
func (c Change) line() string {
	_, name := c.name()
	return name + ": " + config.FormatValue(c.Value)
}

// ErrByHand is what Set's error wraps where the text has to be edited by a person.
var ErrByHand = errors.New("cannot be set by this command")

var bom = []byte("\ufeff")

// Set returns text with the changes made, in their order. Text is one YAML document
// of sections and keys, as config.Load takes it, and may be empty. Values that are
// there already are left as they are written.
func Set(text []byte, changes []Change) ([]byte, error) {
	text, marked := bytes.CutPrefix(text, bom)
	text = bytes.Clone(text)
	for _, c := range changes {
		next, err := setOne(text, c)
		if err != nil {
			return nil, err
		}
		text = next
	}
	if marked {
		text = append(bytes.Clone(bom), text...)
	}
	return text, nil
}

// setOne makes one change at the first place where it does what it should.
func setOne(text []byte, c Change) ([]byte, error) {
	before, err := valuesOf(text)
	if err != nil {
		return nil, err
	}
	want, err := before.with(c)
	if err != nil {
		return nil, err
	}
	if before.equal(want) {
		return text, nil
	}
	d, err := parse(text)
	if err != nil {
		return nil, err
	}
	for _, place := range d.places(c) {
		if after, err := valuesOf(place); err == nil && after.equal(want) {
			return place, nil
		}
	}
	section, _ := c.name()
	where := "at the left margin"
	if section != "" {
		where = "below " + section + ":"
	}
	return nil, fmt.Errorf("%s %w%s; write %s %s yourself, and run this again", c.Key, ErrByHand, d.lineOf(c), c.line(), where)
}
