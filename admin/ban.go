package admin

import "github.com/joingyd/joingyd/ban"

// BanRequest asks for a ban. Exactly one of Target and Session is needed, and
// at most one of For and Permanent.
type BanRequest struct {
	Target      string `json:"target,omitempty"`  // as ban.ParseTarget reads it
	Session     string `json:"session,omitempty"` // every address that this live session used
	For         string `json:"for,omitempty"`     // such as 90m, 24h, 7d or 1d12h; empty: the default
	Permanent   bool   `json:"permanent,omitempty"`
	Reason      string `json:"reason,omitempty"`       // shown to the visitor
	Note        string `json:"note,omitempty"`         // for admins only
	KeepAddress bool   `json:"keep_address,omitempty"` // list the target as typed
	DryRun      bool   `json:"dry_run,omitempty"`      // change nothing, answer what would happen
	Force       bool   `json:"force,omitempty"`        // allow a ban that looks like a mistake

	// By is who asks. It is never on the wire: the server fills it in from the
	// socket. Empty: the user that this process runs as.
	By string `json:"-"`
}

// BanResult is a ban that was made, or in a dry run would be.
type BanResult struct {
	Ban           ban.Ban   `json:"ban"`
	Also          []ban.Ban `json:"also,omitempty"`    // further bans, for a session with several addresses
	Widened       []ban.Ban `json:"widened,omitempty"` // bans around these, whose neighbours are banned too
	EndedSessions int       `json:"ended_sessions"`    // in a dry run: that would end
	DryRun        bool      `json:"dry_run,omitempty"`
}

// Validate reports what is wrong with the request itself, whatever the daemon
// knows, as an *Error with CodeInvalid. A valid request can still be refused.
func (r BanRequest) Validate() error {
	switch {
	case (r.Target == "") == (r.Session == ""):
		return invalid("name either an address or prefix, or a session")
	case r.Session != "" && r.KeepAddress:
		return invalid("a ban on a session keeps no address, since nobody typed one; leave out --keep-address")
	case r.For != "" && r.Permanent:
		return invalid("a ban is either permanent or for a time; leave out one of --for and --permanent")
	}
	if r.For != "" {
		if _, err := parseFor(r.For); err != nil {
			return err
		}
	}
	if r.Session != "" {
		_, err := parseSession(r.Session)
		return err
	}
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}
