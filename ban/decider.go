package ban

import (
	"bytes"
	"strings"
)

// Decider is who decided on a ban, as far as the banned visitor is told: not their name.
type Decider uint8

// The deciders.
const (
	ByPerson Decider = iota // who may use the control API
	ByRule                  // of the software's, with nobody looking at it: Ban.By is auto:RULE
	ByList                  // that somebody imported
)

// String returns person, rule or list.
func (d Decider) String() string { return [...]string{"person", "rule", "list"}[d] }

const autoPrefix = "auto:"

// Decider returns who decided on b. Of bans that were imported
// before the store kept that it does not know: they count as the person's who did it.
func (b Ban) Decider() Decider {
	switch {
	case b.Imported:
		return ByList
	case strings.HasPrefix(b.By, autoPrefix):
		return ByRule
	}
	return ByPerson
}

var (
	jsonOfList = []byte(`"imported":true`)
	jsonOfRule = []byte(`"by":"` + autoPrefix)
)

// deciderOf is Decider of a record whose JSON is not decoded: a million are read at a
// start. No text in it can hold what is looked for, for its quotes would be escaped.
func deciderOf(details []byte) Decider {
	switch {
	case bytes.Contains(details, jsonOfList):
		return ByList
	case bytes.Contains(details, jsonOfRule):
		return ByRule
	}
	return ByPerson
}
