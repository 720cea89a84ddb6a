package web

import (
	"errors"
	"net/http"
	"net/netip"
	"time"
)

// Forms is who takes what visitors write on /appeal, /guardian and /data, and answers them.
// Its functions are called at the same time, and only with what has passed every check
// of form and length.
type Forms struct {
	Addr     func(*http.Request) netip.Addr                                // where a request comes from, for its pace; nil: all are one
	Origins  []string                                                      // web origins besides the site's own that may post: https://host
	Bans     func(*http.Request) []BanShown                                // those on the requester; nil: nobody is banned
	Appeal   func(*http.Request, Appeal) (receipt string, err error)       // the error is one of those below, or says what broke
	Guardian func(*http.Request, GuardianWord) (receipt string, err error) // as Appeal
	Outcome  func(receipt string) (Outcome, error)                         // what became of it; ErrUnknown

	Data        func(*http.Request, DataAsked) (DataAnswer, error) // nil: /data is a page of text
	DataOutcome func(receipt string) (DataOutcome, error)          // ErrUnknown
	TakeBack    func(receipt string) error                         // ErrUnknown, or ErrLate
}

// Errors that Forms tells visitors apart.
var (
	ErrFull      = errors.New("too many wait for a person")
	ErrWaits     = errors.New("such an appeal waits already")
	ErrNotBanned = errors.New("nobody is banned here")
	ErrVisit     = errors.New("this is no receipt of a visit")
	ErrVisitOver = errors.New("the receipt of the visit has expired")
	ErrLate      = errors.New("it has happened already, or has ended")
	ErrUnknown   = errors.New("there is no such ban, visit, report or receipt")
)

// BanShown is a ban as it is shown to who is on it.
type BanShown struct {
	BanNotice
	ID    string
	Scope string // all, video or relay
	Wide  bool   // it is on a network, not on one address or household
}

// Appeal is what somebody who is banned wrote.
type Appeal struct {
	Words     string
	Reference string // a ban's number, or the receipt of an earlier appeal; empty: the bans on the requester
}

// GuardianWord is what a parent or guardian wrote.
type GuardianWord struct {
	Words     string
	When      string
	Contact   string
	Reference string // a visit's or a report's number, if one is known
	Here      bool   // the child used the requester's connection
}

// Outcome is what became of something that somebody wrote.
type Outcome struct {
	Appeal   bool // else a guardian's word
	State    OutcomeState
	Decision string    // once decided: dismiss, warn, end, ban or permanent; of an appeal, uphold or lift
	Reason   string    // once decided
	At       time.Time // of the decision; else of what was written
}

// OutcomeState is how far it has come.
type OutcomeState string

// The states.
const (
	OutcomeWaiting OutcomeState = "waiting"
	OutcomeDecided OutcomeState = "decided"
	OutcomeExpired OutcomeState = "expired" // nobody decided in time
)

// DataAsked is what somebody asks about their data.
type DataAsked struct {
	Delete  bool   // else: what is held
	Visit   string // receipt of one, if any
	Contact string
}

// DataAnswer is what is told at once.
type DataAnswer struct {
	Held    DataHeld
	Receipt string    // of a request that was kept; empty: all is told
	Due     time.Time // when the operator answers at the latest
	Happens time.Time // the deletion; zero: none was asked
}

// DataHeld says of which kinds something is held. Others may come from the same address, so
// it says no more.
type DataHeld struct{ Bans, Ended, Cases, Reporter, Log bool }

// DataOutcome is what became of a request.
type DataOutcome struct {
	Delete  bool
	State   string    // open, erasing, done, refused or withdrawn
	At      time.Time // it ended, or was asked
	Due     time.Time
	Happens time.Time // the deletion
	Answer  string    // the operator's words
}
