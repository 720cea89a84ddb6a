package privacy

import (
	"encoding/json"
	"time"
)

// Kind is what somebody asks for.
type Kind string

// The kinds.
const (
	Access Kind = "access" // what is held
	Erase  Kind = "erase"  // that it be deleted
)

// State is how far a request has come.
type State string

// The states.
const (
	StateOpen      State = "open"      // waits: for an answer, or for its time
	StateErasing   State = "erasing"   // begun, and to be completed
	StateDone      State = "done"      // answered or erased
	StateRefused   State = "refused"   // by a person
	StateWithdrawn State = "withdrawn" // by who asked
)

// Overdue is what Counts calls requests that are open past their due date.
const Overdue = "overdue"

// Request is what somebody asked, and what became of it.
type Request struct {
	ID      string    `json:"id"` // 8 characters
	Kind    Kind      `json:"kind"`
	By      string    `json:"by"` // who wrote it down: visitor, or an operator's name
	Asked   time.Time `json:"asked"`
	Due     time.Time `json:"due"`              // one month later (GDPR article 12(3)), which is before CCPA's 45 days
	Happens time.Time `json:"happens,omitzero"` // an erasure that waits: not before
	State   State     `json:"state"`
	Receipt string    `json:"receipt,omitempty"` // hash of that of who asked
	Subject Subject   `json:"subject,omitzero"`  // until it has ended
	Contact string    `json:"contact,omitempty"` // until it has ended
	Ended   time.Time `json:"ended,omitzero"`
	EndedBy string    `json:"ended_by,omitempty"`
	Answer  string    `json:"answer,omitempty"` // for a while: see Options.AnswerFor
	Erased  Subject   `json:"erased,omitzero"`  // of an erasure that is done, as long as its answer: for a backup that brings back what was
}

// Subject is whom a request is about.
type Subject struct {
	Session    string          `json:"session,omitempty"`
	Pseudonyms []string        `json:"pseudonyms,omitempty"` // of an address
	Rows       json.RawMessage `json:"rows,omitempty"`       // what the log of addresses finds its rows by; its own business
}

func (s *Subject) isZero() bool { return s.Session == "" && len(s.Pseudonyms) == 0 }

// Deadline returns when CCPA wants an answer: 45 days after it was asked
// (Cal. Civ. Code § 1798.130(a)(2)). Due is before that.
func (r *Request) Deadline() time.Time { return r.Asked.AddDate(0, 0, 45) }

// Waits reports whether the request has not ended.
func (r *Request) Waits() bool { return r.State == StateOpen || r.State == StateErasing }

// Overdue reports whether the request has not ended and should have.
func (r *Request) Overdue(now time.Time) bool { return r.Waits() && now.After(r.Due) }

// status is what Counts counts it as.
func (r *Request) status(now time.Time) string {
	if r.Overdue(now) {
		return Overdue
	}
	return string(r.State)
}

// States lists what Counts counts by.
func States() []string {
	return []string{string(StateOpen), Overdue, string(StateErasing), string(StateDone), string(StateRefused), string(StateWithdrawn)}
}
