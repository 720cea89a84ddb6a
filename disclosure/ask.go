package disclosure

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Part is what a bundle tells besides addresses, ports and times.
type Part string

// The parts.
const (
	Events  Part = "events"  // what happened at each time, and in which chat
	Bans    Part = "bans"    // on the address, or that reports of the session led to
	Reports Part = "reports" // what was reported, by reason, and decided
)

// Parts lists every part.
func Parts() []Part { return []Part{Events, Bans, Reports} }

// Ask is what an authority wants to know: about one session or one address (IPv6: its
// /64), in a span of time.
type Ask struct {
	Session   string    `json:"session,omitempty"`
	Address   string    `json:"address,omitempty"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Authority string    `json:"authority"`           // who asks
	Reference string    `json:"reference,omitempty"` // of their order; may be missing in an emergency
	Include   []Part    `json:"include,omitempty"`
	Emergency bool      `json:"emergency,omitempty"` // danger to life
}

const (
	// LongestSpan is the most time that one bundle tells of.
	LongestSpan = 92 * 24 * time.Hour
	maxText     = 200 // characters of Authority and Reference
	idLength    = 26  // of a session
)

// Validate says what is wrong with what is asked at a time, by the flag of the command.
func (a *Ask) Validate(now time.Time) error {
	switch {
	case (a.Session == "") == (a.Address == ""):
		return errors.New("name one of --session and --address")
	case a.Session != "" && (len(a.Session) != idLength || strings.Trim(a.Session, "abcdefghijklmnopqrstuvwxyz234567") != ""):
		return fmt.Errorf("--session is %q; write the %d characters of a session's id", a.Session, idLength)
	}
	if _, err := a.Addr(); a.Address != "" && err != nil {
		return fmt.Errorf("--address is %q; write one IPv4 or IPv6 address, without a port", a.Address)
	}
	if err := a.validSpan(now); err != nil {
		return err
	}
	if err := validText("--authority", a.Authority, "say who asks, such as \"Police of Example, unit 4\""); err != nil {
		return err
	}
	if !a.Emergency || a.Reference != "" {
		if err := validText("--reference", a.Reference, "give the number of their order, or, where life is in danger, --emergency"); err != nil {
			return err
		}
	}
	for i, part := range a.Include {
		if !slices.Contains(Parts(), part) {
			return fmt.Errorf("--include has %q; write events, bans or reports", part)
		}
		if slices.Contains(a.Include[:i], part) {
			return fmt.Errorf("--include has %s twice; leave one out", part)
		}
	}
	return nil
}

func (a *Ask) validSpan(now time.Time) error {
	switch {
	case a.From.IsZero():
		return errors.New("--from is missing; write when what is asked for begins, such as 2026-11-20T10:00:00Z")
	case a.To.IsZero():
		return errors.New("--to is missing; write when what is asked for ends, such as 2026-11-20T12:00:00Z")
	case !a.From.Before(a.To):
		return fmt.Errorf("--from %s is not before --to %s; swap them", timeText(a.From), timeText(a.To))
	case a.To.After(now):
		return fmt.Errorf("--to %s is in the future, and what is to come is not told; write %s at the latest, and joingyd hold keeps what comes", timeText(a.To), timeText(now))
	case a.To.Sub(a.From) > LongestSpan:
		return fmt.Errorf("--from and --to are more than %d days apart; ask for each part on its own, or narrow what was ordered", LongestSpan/(24*time.Hour))
	}
	return nil
}

func validText(flag, text, remedy string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("%s is missing; %s", flag, remedy)
	case utf8.RuneCountInString(text) > maxText:
		return fmt.Errorf("%s has more than %d characters; shorten it", flag, maxText)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s has characters that are no text; leave them out", flag)
	}
	return nil
}

// Addr returns the address, without zone and not as IPv6 if it is IPv4.
func (a *Ask) Addr() (netip.Addr, error) {
	addr, err := netip.ParseAddr(a.Address)
	if err == nil && addr.Zone() != "" {
		err = errors.New("an address with a zone")
	}
	return addr.Unmap(), err
}

// Has reports whether a part is asked for.
func (a *Ask) Has(part Part) bool { return slices.Contains(a.Include, part) }

// Within reports whether a time is in the span.
func (a *Ask) Within(at time.Time) bool { return !at.Before(a.From) && !at.After(a.To) }

// Kind is what a disclosure is counted as.
type Kind string

// The kinds.
const (
	Order     Kind = "order"
	Emergency Kind = "emergency"
)

// Kind returns what it is counted as.
func (a *Ask) Kind() Kind {
	if a.Emergency {
		return Emergency
	}
	return Order
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }
