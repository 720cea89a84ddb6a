package admin

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/joingyd/joingyd/ban"
)

// BanRequest asks for a ban. Exactly one of Target, Session and Report is needed,
// and at most one of For, Permanent and Escalate.
type BanRequest struct {
	Target      string    `json:"target,omitempty"`       // as ban.ParseTarget reads it
	Session     string    `json:"session,omitempty"`      // every address that this live session used
	Report      string    `json:"report,omitempty"`       // every address of the visitor whom this report is about
	Scope       ban.Scope `json:"scope,omitempty"`        // empty: all
	For         string    `json:"for,omitempty"`          // such as 90m, 24h, 7d or 1d12h; empty: the default
	Permanent   bool      `json:"permanent,omitempty"`    // needs a person
	Escalate    bool      `json:"escalate,omitempty"`     // for as long as the next of the configured steps
	Shared      bool      `json:"shared,omitempty"`       // many share the address: short, and never widened
	Reason      string    `json:"reason,omitempty"`       // shown to the visitor
	Note        string    `json:"note,omitempty"`         // for admins only
	KeepAddress bool      `json:"keep_address,omitempty"` // list the target as typed
	DryRun      bool      `json:"dry_run,omitempty"`      // change nothing, answer what would happen
	Force       bool      `json:"force,omitempty"`        // allow a ban that looks like a mistake
	Own         []string  `json:"own,omitempty"`          // addresses that the admin is connected from

	// By is who asks: a user, or auto:RULE. It is never on the wire: the server
	// fills it in from the socket. Empty: the user that this process runs as.
	By string `json:"-"`
}

// BanResult is a ban that was made, or in a dry run would be.
type BanResult struct {
	Ban             ban.Ban        `json:"ban"`
	Also            []ban.Ban      `json:"also,omitempty"`             // further bans, for several addresses
	Kept            bool           `json:"kept,omitempty"`             // nothing was made: these were there, and last as long as the step
	Widened         []ban.Ban      `json:"widened,omitempty"`          // bans around these, whose neighbours are banned too
	Offence         *Offence       `json:"offence,omitempty"`          // of a ban that escalates
	Allowed         []netip.Prefix `json:"allowed,omitempty"`          // the allowlist wins over the ban here
	KnownShared     []netip.Prefix `json:"known_shared,omitempty"`     // many people share these, and the ban is not made for that
	EndedSessions   int            `json:"ended_sessions"`             // in a dry run: that would end
	LimitedSessions int            `json:"limited_sessions,omitempty"` // that go on without what the ban is on
	DryRun          bool           `json:"dry_run,omitempty"`
}

// Offence tells which of the configured steps a ban takes.
type Offence struct {
	Number int `json:"number"` // 1 for the first
	Step   int `json:"step"`   // Number, or the last step
	Steps  int `json:"steps"`  // how many there are
}

// maxOwn bounds BanRequest.Own.
const maxOwn = 32

// Validate reports what is wrong with the request itself, whatever the daemon
// knows, as an *Error with CodeInvalid. A valid request can still be refused.
func (r BanRequest) Validate() error {
	if given(r.Target != "", r.Session != "", r.Report != "") != 1 {
		return invalid("name either an address or prefix, or a session, or a report")
	}
	if r.Target == "" && r.KeepAddress {
		return invalid("only a ban on an address that was typed can keep it; leave out --keep-address")
	}
	if err := r.validateEnd(); err != nil {
		return err
	}
	if err := validateScope(r.Scope); err != nil {
		return err
	}
	if _, err := r.own(); err != nil {
		return err
	}
	switch {
	case r.Session != "":
		_, err := parseSession(r.Session)
		return err
	case r.Report != "":
		return validateReport(r.Report)
	}
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}

func (r BanRequest) validateEnd() error {
	var flags []string
	for _, f := range []struct {
		given bool
		name  string
	}{{r.For != "", "--for"}, {r.Permanent, "--permanent"}, {r.Escalate, "--escalate"}} {
		if f.given {
			flags = append(flags, f.name)
		}
	}
	switch {
	case len(flags) > 1:
		return invalid("a ban has one end; leave out one of %s", strings.Join(flags, " and "))
	case r.Shared && (r.For != "" || r.Permanent):
		return invalid("a ban on many who share an address is as short as bans.shared_for says; leave out one of --shared and %s", flags[0])
	case r.Permanent && automatic(r.By):
		return invalid("a rule bans for a time; permanent needs a person")
	case r.For == "":
		return nil
	}
	_, err := parseFor(r.For)
	return err
}

// own returns the admin's addresses, unmapped and without zones.
func (r BanRequest) own() (addrs []netip.Addr, err error) {
	if len(r.Own) > maxOwn {
		return nil, invalid("%d addresses of your own are too many; name at most %d", len(r.Own), maxOwn)
	}
	for _, text := range r.Own {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, invalid("%s is not an address of yours; write one like 203.0.113.7 or 2001:db8::1", quote(text))
		}
		addrs = append(addrs, addr.Unmap().WithZone(""))
	}
	return addrs, nil
}

// autoPrefix begins the names of rules that ban by themselves. No user's name has
// a colon.
const autoPrefix = "auto:"

func automatic(by string) bool { return strings.HasPrefix(by, autoPrefix) }

func validateScope(scope ban.Scope) error {
	if scope != "" && !slices.Contains(ban.Scopes(), scope) {
		return invalid("%s is not a scope; write all, video or relay", quote(string(scope)))
	}
	return nil
}

// given counts what is true.
func given(fields ...bool) (n int) {
	for _, field := range fields {
		if field {
			n++
		}
	}
	return n
}
