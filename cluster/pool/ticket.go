package pool

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// ID names one stay of a ticket in the pool. Whoever returns gets another.
type ID [16]byte

// NewID draws an ID.
func NewID() (id ID) {
	rand.Read(id[:])
	return id
}

// Tag stands for a session, an interest, a relay or a member: what a keyed hash made of it.
type Tag [8]byte

// NewTag draws a tag, as for a member: a node from one start to its end.
func NewTag() (tag Tag) {
	rand.Read(tag[:])
	return tag
}

// Steps is the number of equal parts that patience is cut into.
const Steps = 8

const (
	maxInterests = 10
	maxLanguages = 5
	maxRecent    = 20  // of the last partners
	maxAvoid     = 100 // of those that were blocked
	maxPatience  = time.Hour
)

// Ticket is a session that looks for a partner. The pool keeps it, slices too, until it
// is out again.
type Ticket struct {
	ID        ID
	Session   Tag
	Mode      string   // such as "video"; a to z
	Languages []string // such as "en", at most 5; none: any
	Interests []Tag    // the rarest first, at most 10

	IDF      []float32          // what each interest is worth, in nats
	Worth    [Steps + 1]float32 // what the ticket asks after each eighth of its patience, in nats
	Patience time.Duration

	Since  time.Time // when the visitor began to wait
	Relay  Tag       // of two who are worth the same, the one of the same relay is preferred
	Recent []Tag     // the last partners, the latest last: 20 of them are kept away as long as there is anybody else
	Avoid  []Tag     // who was blocked, the latest last: 100 of them are never met
}

// check reports what is wrong with t.
func (t *Ticket) check() error {
	switch {
	case !isName(t.Mode):
		return fmt.Errorf("ticket: mode is %q, want letters a to z", t.Mode)
	case len(t.Languages) > maxLanguages:
		return fmt.Errorf("ticket: %d languages, at most %d are allowed", len(t.Languages), maxLanguages)
	case len(t.Interests) > maxInterests:
		return fmt.Errorf("ticket: %d interests, at most %d are allowed", len(t.Interests), maxInterests)
	case len(t.IDF) != len(t.Interests):
		return fmt.Errorf("ticket: %d numbers in IDF for %d interests", len(t.IDF), len(t.Interests))
	case t.Patience < 0 || t.Patience > maxPatience:
		return fmt.Errorf("ticket: patience is %v, want at most %v", t.Patience, maxPatience)
	case t.Since.IsZero():
		return fmt.Errorf("ticket: Since is not set")
	}
	for i, language := range t.Languages {
		if !isName(language) {
			return fmt.Errorf("ticket: languages[%d] is %q, want letters a to z", i, language)
		}
		for _, before := range t.Languages[:i] {
			if language == before {
				return fmt.Errorf("ticket: languages[%d] is %q a second time", i, language)
			}
		}
	}
	return nil
}

// isName reports whether text may be a part of a key: one that ends no hash tag.
func isName(text string) bool {
	for _, c := range []byte(text) {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return text != "" && len(text) <= 16
}

// flags of a record.
const (
	recordOpen  = 1 << iota // it takes anybody
	recordPlain             // it stands in the queue of age alone
)

// record writes what scripts read of t, without its first two fields, which they put before
// it: see common.lua.
func (t *Ticket) record(member Tag, flags byte) string {
	recent := t.Recent[max(0, len(t.Recent)-maxRecent):]
	avoid := t.Avoid[max(0, len(t.Avoid)-maxAvoid):]
	b := make([]byte, 0, 68+8*(len(t.Interests)+len(recent)+len(avoid)))
	b = append(b, t.Session[:]...)
	b = append(b, member[:]...)
	b = append(b, t.Relay[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(t.Patience.Milliseconds()))
	b = append(b, byte(len(t.Interests)), byte(len(recent)), byte(len(avoid)), flags)
	b = appendFloats(b, t.Worth[:])
	for _, list := range [][]Tag{t.Interests, recent, avoid} {
		for _, tag := range list {
			b = append(b, tag[:]...)
		}
	}
	return string(b)
}

func appendFloats(b []byte, list []float32) []byte {
	for _, f := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

func readFloats(text string, list []float32) {
	for i := range list {
		list[i] = math.Float32frombits(binary.LittleEndian.Uint32([]byte(text[4*i:])))
	}
}

// ask is what is asked after a wait, in nats: of match/pool's worth.
func ask(worth *[Steps + 1]float32, wait, patience time.Duration) float64 {
	if wait >= patience {
		return 0
	}
	at := float64(max(wait, 0)) / float64(patience) * Steps
	step := min(int(at), Steps-1)
	part := at - float64(step)
	return float64(worth[step])*(1-part) + float64(worth[step+1])*part
}
