package pool

import (
	"slices"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Mode is what a chat is made of. Only equal modes are paired.
type Mode string

// The modes.
const (
	Video Mode = "video"
	Text  Mode = "text"
)

// Ticket is a session that looks for a partner. Its fields are read while it is in a
// pool; Recent and Avoid may be replaced then.
type Ticket struct {
	// What others' searches read comes first: it fits into two cache lines.
	since     time.Duration // Since on the pool's clock
	visit     uint64        // the round that saw it last
	interests interestIDs   // the rarest first
	worth     worth
	Relay     uint64 // stands for the relay that the session is at: see near. All have the same where there is one

	idf [maxInterests]float32 // what each interest was worth when it came, in nats

	Session   ident.Session
	Mode      Mode
	Languages []string        // from ParseLanguages; empty: any
	Interests []Interest      // from ParseInterests
	Since     time.Time       // when the visitor began to wait
	Recent    []ident.Session // the last partners: met again only if nobody else is there
	Avoid     []ident.Session // whoever was blocked or reported: never met

	entries []*entry // of its interests, in the same order
	gates   []*gate  // of its languages; nil while not in a pool
	numbers []int    // in the queues, see numbersIn
	relaxed int      // number among those of every language whose patience has ended
	timer   timer
}

// interestID is an interest that somebody in the pool has; 0 is none.
type interestID uint32

// interestIDs are those of one ticket, 0 after the last.
type interestIDs [maxInterests]interestID

// numbersIn returns the numbers of t in the queues of its gate number i: among all, among
// the open, and in the queue of each interest.
func (t *Ticket) numbersIn(i int) []int {
	n := 2 + len(t.entries)
	return t.numbers[i*n : (i+1)*n]
}

// takesAny reports whether t named no interests: it has nothing to wait for.
func (t *Ticket) takesAny() bool { return t.interests[0] == 0 }

// mayMeet reports whether a and b may be paired; again lets recent partners meet.
func mayMeet(a, b *Ticket, again bool) bool {
	if a.Session == b.Session || slices.Contains(a.Avoid, b.Session) || slices.Contains(b.Avoid, a.Session) {
		return false
	}
	return again || !slices.Contains(a.Recent, b.Session) && !slices.Contains(b.Recent, a.Session)
}

// score is what a pair of t and o is worth: the sum of the rarity, in nats, of what they
// have in common.
func (t *Ticket) score(o *Ticket) (sum float64) {
	for _, id := range o.interests {
		if id == 0 {
			break
		}
		for i, own := range t.interests {
			if own == id {
				sum += float64(t.idf[i])
				break
			}
			if own == 0 {
				break
			}
		}
	}
	return sum
}

// Waiting reports whether t is in a pool.
func (t *Ticket) Waiting() bool { return t.gates != nil }
