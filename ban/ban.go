// Package ban remembers who may not come in.
//
//	Add ──► bbolt, fsync ──► index in memory ◄── Check ◄── verdicts (cache)
//	                          │  one set a scope:
//	                          ├ tags: single addresses and IPv6 /64s
//	                          ├ prefixes: everything else
//	                          └ the allowlist, which wins
//
// The file is the log, the index answers: Check never touches the disk. A
// change is on disk before the index has it, and in the index before the call
// returns. Changes that come at the same time share one fsync.
//
// A single address (IPv4 /32, IPv6 /128) and an IPv6 /64, which is what one
// household gets, are kept only as a keyed HMAC. IPv4 is small enough to try
// every address, so the secrecy of the [Key] is the protection: whoever has
// file and key can test an address. Every other prefix, and the allowlist, is
// kept in clear: it could not be matched otherwise.
//
// What a ban said lives on in the history after the ban has ended, for
// [Options.HistoryFor]. bbolt does not overwrite the pages that it frees, so
// the bytes of a dropped record can stay in the file until the page is reused.
//
// In a cluster (Options.Node) a store also logs what is done, in the same transaction, and
// what it applies of the logs of others: see ledger and cell. Other nodes get it with Items
// and Apply; Digest and Learn tell what one of them lacks.
//
// Each record carries a checksum, and the file how many there are and the sum of
// those: what the disk has altered or lost is noticed when the store is opened
// (ErrCorrupt), never served.
package ban

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unicode"
	"unicode/utf8"
)

// The errors that callers can tell apart. Those that come out of the package
// wrap one of them and say more.
var (
	// ErrInvalid says that what was asked for cannot be understood or stored.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound says that there is no such active ban.
	ErrNotFound = errors.New("no such ban")
	// ErrLocked says that another process has the store open.
	ErrLocked = errors.New("ban store is in use by another process; ask the running daemon, or stop it first")
	// ErrWrongKey says that bans of the store were made with another key.
	ErrWrongKey = errors.New("ban store was made with another key, so its bans would silently stop matching; put the key file back that was made with it")
	// ErrNewerSchema says that a newer joingyd has written the store.
	ErrNewerSchema = errors.New("ban store was written by a newer joingyd; install that version again, or restore an older backup of the store")
	// ErrCorrupt says that the store's content makes no sense.
	ErrCorrupt = errors.New("ban store is damaged; restore it from a backup with joingyd restore, which keeps the damaged file aside")
	// ErrDisk says that the disk failed in the middle of a change, and that
	// nothing more is changed until the store is opened anew.
	ErrDisk = errors.New("the disk has failed while a ban was written; check the disk, and restart joingyd")
)

// The longest texts that a ban carries, in characters.
const (
	MaxReason = 200
	MaxNote   = 1000
	maxBy     = 100
	maxReport = 64
)

// Kind tells what a ban covers.
type Kind string

// The kinds of ban. The first two are stored as HMACs, the last in clear.
const (
	KindAddress Kind = "address" // one IPv4 or IPv6 address
	KindNet64   Kind = "net64"   // an IPv6 /64
	KindPrefix  Kind = "prefix"  // any other prefix
)

// Ban is one rule. It is a value: changing it changes nothing in the store.
type Ban struct {
	ID       ID           `json:"id"` // zero in a plan
	Kind     Kind         `json:"kind"`
	Scope    Scope        `json:"scope"`
	Prefix   netip.Prefix `json:"prefix,omitzero"`    // only of a KindPrefix
	Address  string       `json:"address,omitempty"`  // as typed, only if the admin asked to keep it
	Reason   string       `json:"reason"`             // shown to the visitor
	Note     string       `json:"note"`               // for admins only
	By       string       `json:"by"`                 // a user, or auto:RULE
	Report   string       `json:"report,omitempty"`   // the report that led to it
	Shared   bool         `json:"shared,omitempty"`   // many people share what it is on
	Imported bool         `json:"imported,omitempty"` // out of a list
	Created  time.Time    `json:"created"`
	Until    time.Time    `json:"-"` // zero: permanent; "until" in JSON, null when permanent
}

// Permanent reports whether b has no end.
func (b Ban) Permanent() bool { return b.Until.IsZero() }

// RuleFor returns the prefix that b covers, given an address inside it: the
// store does not know the prefix of a hashed ban, but who asks does.
func (b Ban) RuleFor(addr netip.Addr) netip.Prefix {
	addr = plain(addr)
	switch b.Kind {
	case KindPrefix:
		return b.Prefix
	case KindNet64:
		return netip.PrefixFrom(addr, 64).Masked()
	default:
		return netip.PrefixFrom(addr, addr.BitLen())
	}
}

// MarshalJSON adds "until": RFC 3339, or null when permanent.
func (b Ban) MarshalJSON() ([]byte, error) {
	type fields Ban
	out := struct {
		fields
		Until *time.Time `json:"until"`
	}{fields: fields(b)}
	if !b.Permanent() {
		out.Until = &b.Until
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (b *Ban) UnmarshalJSON(text []byte) error {
	type fields Ban
	var in struct {
		fields
		Until *time.Time `json:"until"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*b = Ban(in.fields)
	if in.Until != nil {
		b.Until = *in.Until
	}
	return nil
}

// activeAt reports whether b still counts: up to Until, and not at it.
func (b *Ban) activeAt(now time.Time) bool {
	return b.Permanent() || now.Before(b.Until)
}

// Entry is a ban to be made.
type Entry struct {
	Target      Target
	Scope       Scope     // empty: ScopeAll
	KeepAddress bool      // store what was typed, in clear, beside the HMAC
	Reason      string    // at most MaxReason characters, one line
	Note        string    // at most MaxNote characters, one line
	By          string    // who: a user, or auto:RULE
	Report      string    // the report that leads to it, if one does
	Shared      bool      // many people share the target: it never widens
	Imported    bool      // out of a list: it never widens either
	NeverSooner bool      // leave the ban of its scope on the target, if that lasts as long
	Until       time.Time // zero: permanent
}

func (e *Entry) validate(now time.Time) error {
	if !e.Target.IsValid() {
		return fmt.Errorf("%w: the target is missing; make one with ParseTarget", ErrInvalid)
	}
	if !e.Until.IsZero() && !now.Before(e.Until) {
		return fmt.Errorf("%w: the ban would already be over; choose an end after %s", ErrInvalid, now.UTC().Format(time.RFC3339))
	}
	if _, known := scopeNumbers[e.Scope]; !known && e.Scope != "" {
		return fmt.Errorf("%w: %s is no scope; write all, video or relay", ErrInvalid, quote(string(e.Scope)))
	}
	return cmp.Or(
		validateLine("reason", e.Reason, MaxReason),
		validateLine("note", e.Note, MaxNote),
		validateLine("name of the admin", e.By, maxBy),
		validateLine("report", e.Report, maxReport),
	)
}

// validateLine keeps out what would break a log line, a terminal or a table.
func validateLine(name, text string, limit int) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: the %s is not UTF-8; retype it", ErrInvalid, name)
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return fmt.Errorf("%w: the %s has %d characters; shorten it to %d", ErrInvalid, name, n, limit)
	}
	for _, r := range text {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || overridesDirection(r) {
			return fmt.Errorf("%w: the %s contains the control character %U; write it on one line without", ErrInvalid, name, r)
		}
	}
	return nil
}

// overridesDirection reports the characters that make a terminal show text in
// another order than it has.
func overridesDirection(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
