// Package admin is the control API: what an admin can ask of the daemon.
//
//	CLI ── Client ── unix socket ── Server ── Service ─┬─ ban store
//	CLI --offline ────────────────────────────┘        ├─ Live: sessions
//	                                                   ├─ Reports: who was reported
//	                                                   ├─ moderate.Store: cases
//	                                                   └─ Relay: allocations
//
// The protocol is HTTP and JSON with versioned paths. The socket's file mode is
// the access control; the kernel says who is at the other end, and that name
// goes beside every ban.
//
//	POST   /v1/bans                 BanRequest → BanResult
//	DELETE /v1/bans?target=&scope= or ?id= → UnbanResult
//	GET    /v1/bans?scope=&kind=&by=&reason=&report=&permanent=&ends_within=&id=&shown=&target=
//	               &sort=&reverse=&limit=&offset= → BanList; without a limit all, while they are read
//	GET    /v1/bans/check?address=  → CheckResult
//	GET    /v1/bans/history?target=&by=&how=&limit= → History
//	GET    /v1/bans/stats           → BanStats
//	POST   /v1/allowed              AllowRequest → AllowResult
//	DELETE /v1/allowed?target=      → AllowResult
//	GET    /v1/allowed              → Allowlist
//	GET    /v1/reports              → ReportList
//	GET    /v1/cases?limit=         → CaseList
//	GET    /v1/cases/{id}           → Case
//	GET    /v1/cases/{id}/evidence?for= → EvidenceList
//	GET    /v1/cases/stats          → CaseStats
//	POST   /v1/cases/decide         DecideRequest → DecideResult
//	POST   /v1/cases/guardian       GuardianRequest → GuardianResult
//	POST   /v1/desk/login           LoginRequest → LoginResult
//	POST   /v1/disclosures          DiscloseRequest → DiscloseResult
//	POST   /v1/disclosures/{id}/sign SignRequest → SignResult
//	POST   /v1/disclosures/{id}/confirm → disclosure.Entry
//	POST   /v1/disclosures/{id}/refuse RefuseRequest → disclosure.Entry
//	GET    /v1/disclosures          → DisclosureList
//	GET    /v1/disclosures/key      → DisclosureKey
//	POST   /v1/holds                LegalHoldRequest → legalhold.Hold
//	POST   /v1/holds/{id}/release   LegalReleaseRequest → LegalReleaseResult
//	GET    /v1/holds                → LegalHoldList
//	GET    /v1/sessions?state=&sort=&limit= → SessionList
//	POST   /v1/sessions/{id}/kick   KickRequest, or no body → KickResult
//	GET    /v1/relay?session=&addresses= → RelayList
//	GET    /v1/relay/{relayed address or session}?addresses= → RelayList
//	DELETE /v1/relay?relayed= or ?session= → RelayKillResult
//	POST   /v1/relay/drain          RelayDrainRequest → RelayDrainResult
//	GET    /v1/cluster              → ClusterStatus
//	POST   /v1/cluster/drain        ClusterDrainRequest → ClusterNode
//	GET    /v1/backup               → a tar archive, see Unpack
//	GET    /v1/store/check          → ban.Report
//	GET    /v1/keys                 → KeyList
//	POST   /v1/keys/rotate          → RotateResult
//	GET    /v1/privacy              → PrivacyReport
//	POST   /v1/privacy/access       SubjectRequest → PersonalData
//	POST   /v1/privacy/erase        EraseRequest → Erasure
//	GET    /v1/privacy/requests?all= → PrivacyRequestList
//	GET    /v1/privacy/requests/{id} → PrivacyRequest
//	POST   /v1/privacy/requests/end EndRequest → PrivacyRequest
//	GET    /v1/transparency?from=&to= → Transparency
//	GET    /v1/totals?from=&to=     → TotalsList
//	GET    /v1/status               → Status
//	GET    /v1/doctor               → doctor.Report
//	GET    /debug/pprof/…           profiles, on the socket alone
//
// Any other answer than 200 carries an Error. When a ban is answered, its
// sessions and their relays have ended.
package admin

import "time"

// KickRequest names the session to end. By is as in BanRequest.
type KickRequest struct {
	Session string `json:"-"`                // in the path
	Reason  string `json:"reason,omitempty"` // shown to the visitor
	By      string `json:"-"`
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
	Role string `json:"role,omitempty"` // of this node: all, edge or relay; empty: it is the only one

	Online      int  `json:"online"`      // sessions
	Pairs       int  `json:"pairs"`       // chats
	VideoPairs  int  `json:"video_pairs"` // of Pairs; the others are text chats
	Waiting     int  `json:"waiting"`     // sessions in the pool
	Allocations int  `json:"allocations"` // of the relay
	Draining    bool `json:"draining"`    // the relay takes no new allocations

	Cluster string `json:"cluster,omitempty"` // what the node does without for want of the others, in a line

	Relayed   Traffic `json:"relayed"`    // since the start: as it came in, and went out again
	RelayRate uint64  `json:"relay_rate"` // bytes of it a second, over the last 5 to 10 s

	Month MonthTraffic `json:"month"`

	Refused  map[string]uint64 `json:"refused"`  // upgrades, sessions and searches since the start, by reason
	Warnings []Warning         `json:"warnings"` // the last of the daemon's log, the oldest first
}

// MonthTraffic is what the relay has carried in this calendar month, of UTC.
type MonthTraffic struct {
	Month string `json:"month"` // 2026-11
	Bytes uint64 `json:"bytes"` // counted as Relayed is
	Limit uint64 `json:"limit"` // turn.traffic_per_month; 0: none

	ClosedUntil time.Time `json:"closed_until,omitzero"` // no video chat begins, for the limit is reached
}

// Warning is what the daemon's log warned of. What it said again and again is one.
type Warning struct {
	At    time.Time `json:"at"` // the last time
	Text  string    `json:"text"`
	Times int       `json:"times"`
}
