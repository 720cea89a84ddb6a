// Package metrics serves the daemon's counts to Prometheus.
//
//	Prometheus ── GET /metrics ── Server ── registry ── collector ── Sources
//
// Every count is read when it is asked for, so the parts that count know nothing
// of Prometheus. Every label has a closed set of values, known from the start:
// each series is there at zero from the first scrape on, and a value that nobody
// announced counts as "other". No label and no help text says anything of a
// person.
package metrics

// Sources are the parts that count. A nil function counts nothing. They are
// called at each scrape, at the same time if scrapes are.
type Sources struct {
	Version string // of the program
	Relay   func() Relay
	Match   func() Match
	Bans    func() Bans
	Cases   func() Cases
	Visits  func() Visits
	Age     func() Age

	Retention func() Retention

	Stills     func() Stills
	Classifier func() Classifier

	Ports func() Ports
	Kept  func() Kept
	Host  func() Host

	Cluster        func() Cluster
	SharedRedis    func() SharedRedis
	SharedPool     func() SharedPool
	SharedBans     func() SharedBans
	Relays         func() Relays
	SharedAccounts func() SharedAccounts

	// Every value that the maps of Bans, Relay and Match have as a key.
	Scopes        []string // of Bans.Active
	Gravities     []string // of Cases.Waiting
	Stores        []string // of Retention.Forgotten and Failures
	RequestStates []string // of Retention.Requests
	Transports    []string // of Relay.ByTransport
	DropReasons   []string // of Transport.Drops
	ReportReasons []string // of Match.Reports
	RefusedCodes  []string // of Match.Refused
	Denials       []string // of Match.Denied

	ChallengeOutcomes []string // of Match.Challenges
	PassOutcomes      []string // of Age.Passes
	CheckOutcomes     []string // of Age.Checks

	StillLabels        []string // of Stills.Found
	StillLosses        []string // of Stills.Lost
	ClassifierOutcomes []string // of Classifier.Calls

	Verdicts map[string][]string // of Filter.Verdicts, with the reasons of each

	OffloadOutcomes []string // of Offload.Packets

	TLSServices      []string // of Ports.Connections
	TLSReasons       []string // of Ports.Closed
	Routes           []string // of Ports.Requests and HTTPSeconds
	AdminOutcomes    []string // of Ports.Admin
	DisclosureStates []string // of Kept.Disclosures
	LogLevels        []string // of Host.Logged
	StillOutcomes    []string // of Match.Stills
	ClusterStates    []string // of SharedRedis.State
	MoveOutcomes     []string // of Cluster.Moves
	SeekOutcomes     []string // of Cluster.Seeks
	BusDrops         []string // of Cluster.Undelivered
	Commons          []string // of SharedAccounts.Refused
	AskOutcomes      []string // of Cluster.Asked

	Systems, Browsers, Devices, Languages, Stays, Modes []string // of Visits
}

// Bans is what the ban store counts. Active are in force, the rest counts since
// the start.
type Bans struct {
	Active   map[string]int // by scope
	Changes  uint64         // written to the disk
	Failures uint64         // changes that the disk refused
}

// Cases is what there is to judge. Dropped and EvidenceDropped count since the start.
type Cases struct {
	Waiting         map[string]int // for a person, by gravity
	Oldest          int            // seconds that the oldest of them waits
	Dropped         uint64         // reports that opened nothing
	EvidenceDropped uint64         // what reports brought, for want of memory
}

// Retention is what the stores let go of because it was kept for long enough, since the
// start; and the requests for data that there are now.
type Retention struct {
	Forgotten map[string]uint64 // by store
	Failures  map[string]uint64 // times that a store could not
	Last      float64           // Unix time of the sweeper's last run, in seconds; 0: none yet
	Requests  map[string]int    // by state
}

// Stills is what became of stills of video chats. Waiting are there now, the rest counts
// since the start.
type Stills struct {
	Looked  uint64            // at, by a program
	Found   map[string]uint64 // of those, what a rule was about, by its label
	Lost    map[string]uint64 // stills of which nothing was said, by reason
	Waiting int
}

// Classifier is what calls of the classifier came to. Resting, InFlight and Waiting are
// now, the rest counts since the start.
type Classifier struct {
	Calls   map[string]uint64 // by outcome
	Seconds float64           // that those answered took, their time in the queue included
	Retried uint64            // further tries
	Opened  uint64            // times that it was left alone for its failures

	Resting  bool // it is left alone
	InFlight int
	Waiting  int
}

// Age is what became of proofs of age, since the start.
type Age struct {
	Passes map[string]uint64 // asked for before a search
	Checks map[string]uint64 // questions to the age checker
}

// Visits is what is counted of visits since the start. What they are counted by moves by
// several visits at once (package totals), so that no scrape is of one.
type Visits struct {
	Visits    uint64            // sessions that began
	Chats     map[string]uint64 // that connected, by mode
	Systems   map[string]uint64
	Browsers  map[string]uint64
	Devices   map[string]uint64
	Languages map[string]uint64
	Stays     map[string]uint64 // how long those lasted that ended
}

// Relay is what the TURN relay counts.
type Relay struct {
	Sessions int  // that may allocate
	Pairs    int  // that may talk to each other
	Draining bool // no new allocations

	MonthBytes uint64 // carried in this calendar month
	MonthLimit uint64 // of that; 0: none

	ByTransport map[string]Transport // between client and relay
	Offload     Offload
}

// Transport is what the relay counts of the clients of one transport.
// Allocations are live, the rest counts since the start.
type Transport struct {
	Allocations        int
	Packets, Bytes     uint64            // relayed for them; application data only
	Drops              map[string]uint64 // packets, by reason
	AuthOK, AuthFailed uint64            // requests with good and with bad credentials
}

// Offload is what the kernel forwards for the relay, if it does.
type Offload struct {
	Interfaces int               // that it is attached to; 0: none, the relay does it all
	Flows      int               // live ones, two a pair
	Packets    map[string]uint64 // of known flows, by what became of them; since the start
	Refused    uint64            // flows that the kernel did not take, since the start
}

// Match is what the matchmaker counts. What is below Addresses counts since the
// start; the rest is live.
type Match struct {
	Sessions  int
	Waiting   int               // sessions in the pool
	Pairs     int               // chats
	Addresses int               // whose limits are remembered
	Forgotten uint64            // addresses, for want of room
	Reports   map[string]uint64 // by reason
	Refused   map[string]uint64 // messages, by error code
	Denied    map[string]uint64 // upgrades, sessions and searches, by reason

	ReportsForgotten uint64 // before their time, for want of room

	Paired     map[string]uint64 // chats that began, by mode
	Slow       uint64            // sessions that ended because their clients did not read
	Stills     map[string]uint64 // that were asked for, by what became of them
	Challenges map[string]uint64 // of work, by what became of them
	Filter     Filter
}

// Filter is what became of texts. Fingerprints are live, the rest counts since
// the start.
type Filter struct {
	Verdicts     map[string]map[string]uint64 // texts, by verdict and reason
	Mutes        uint64
	Bans         uint64 // asked for
	BansDropped  uint64 // too many were under way
	Fingerprints int
	Evicted      uint64 // fingerprints and strikes, before their time
}
