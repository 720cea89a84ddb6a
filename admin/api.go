// Package admin is the control API: what an admin can ask of the daemon.
//
//	CLI ── Client ── unix socket ── Server ── Service ─┬─ ban store
//	CLI --offline ────────────────────────────┘        ├─ Live: sessions
//	                                                   └─ Relay: allocations
//
// The protocol is HTTP and JSON with versioned paths. The socket's file mode is
// the access control; the kernel says who is at the other end, and that name
// goes beside every ban.
//
//	POST   /v1/bans                 BanRequest → BanResult
//	DELETE /v1/bans?target= or ?id= → UnbanResult
//	GET    /v1/bans                 → BanList
//	GET    /v1/bans/check?address=  → CheckResult
//	GET    /v1/sessions?state=&sort=&limit= → SessionList
//	POST   /v1/sessions/{id}/kick   → KickResult
//	GET    /v1/relay?session=&addresses= → RelayList
//	GET    /v1/relay/{relayed address or session}?addresses= → RelayList
//	DELETE /v1/relay?relayed= or ?session= → RelayKillResult
//	POST   /v1/relay/drain          RelayDrainRequest → RelayDrainResult
//	GET    /v1/keys                 → KeyList
//	POST   /v1/keys/rotate          → RotateResult
//	GET    /v1/status               → Status
//
// Any other answer than 200 carries an Error. When a ban is answered, its
// sessions and their relays have ended.
package admin

import (
	"time"

	"github.com/joingyd/joingyd/ban"
)

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

// UnbanRequest names the ban to end, by exactly one of its fields. By is as in
// BanRequest.
type UnbanRequest struct {
	Target string
	ID     string
	By     string
}

// UnbanResult is the ban that has ended.
type UnbanResult struct {
	Ban ban.Ban `json:"ban"`
	// StillBanned is another ban, if one keeps the target out all the same.
	StillBanned *ban.Ban `json:"still_banned,omitempty"`
}

// BanList is every active ban, the oldest first.
type BanList struct {
	Bans []ban.Ban `json:"bans"`
}

// CheckRequest asks about one address, without zone or port.
type CheckRequest struct {
	Address string
}

// CheckResult says whether an address may come in.
type CheckResult struct {
	Banned bool     `json:"banned"`
	Ban    *ban.Ban `json:"ban"`            // null if not banned
	Rule   string   `json:"rule,omitempty"` // the address or prefix that the ban is on
}

// KickRequest names the session to end. By is as in BanRequest.
type KickRequest struct {
	Session string
	By      string
}

// KickResult names the session that was ended.
type KickResult struct {
	Session string `json:"session"`
}

// Status is what the daemon is doing.
type Status struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	LiveStatus
	Bans int `json:"bans"`
}

// LiveStatus counts what lives.
type LiveStatus struct {
	Online      int  `json:"online"`      // sessions
	Pairs       int  `json:"pairs"`       // chats
	VideoPairs  int  `json:"video_pairs"` // of Pairs; the others are text chats
	Waiting     int  `json:"waiting"`     // sessions in the pool
	Allocations int  `json:"allocations"` // of the relay
	Draining    bool `json:"draining"`    // the relay takes no new allocations

	Relayed   Traffic `json:"relayed"`    // since the start: as it came in, and went out again
	RelayRate uint64  `json:"relay_rate"` // bytes of it a second, over the last 5 to 10 s

	Refused  map[string]uint64 `json:"refused"`  // upgrades, sessions and searches since the start, by reason
	Warnings []Warning         `json:"warnings"` // the last of the daemon's log, the oldest first
}

// Warning is what the daemon's log warned of. What it said again and again is one.
type Warning struct {
	At    time.Time `json:"at"` // the last time
	Text  string    `json:"text"`
	Times int       `json:"times"`
}
