package moderate

import (
	"encoding/json"
	"slices"
	"time"
)

// Gravity is how much a case matters. The greater is judged first.
type Gravity int

// The gravities.
const (
	Slight Gravity = iota // a nuisance
	Grave                 // nudity, violence; or a nuisance that several report
	Urgent                // somebody under 18 may be concerned
)

var gravityNames = []string{"slight", "grave", "urgent"}

// Gravities lists the names of every gravity.
func Gravities() []string { return slices.Clone(gravityNames) }

func (g Gravity) String() string { return gravityNames[g] }

// State is how far a case has come.
type State string

// The states.
const (
	StateOpen    State = "open"    // to be judged
	StatePending State = "pending" // judged by one; a second person must confirm it
	StateDecided State = "decided"
	StateExpired State = "expired" // nobody judged it in time
)

// Case is what is known of what a visitor did.
type Case struct {
	ID       string    `json:"id"`             // its first report's
	Kind     Kind      `json:"kind,omitempty"` // empty in old files: a report
	Session  string    `json:"session"`        // that it is about
	Suspects []string  `json:"suspects"`
	Opened   time.Time `json:"opened"`
	Changed  time.Time `json:"changed"`
	State    State     `json:"state"`
	Gravity  Gravity   `json:"gravity"`
	Score    float64   `json:"score"` // weights of its distinct reporters
	Reports  []Report  `json:"reports"`
	More     int       `json:"more,omitempty"` // reports past those
	Flags    []Flag    `json:"flags,omitempty"`
	Evidence []string  `json:"evidence,omitempty"` // ids
	Claim    *Claim    `json:"claim,omitempty"`
	Decision *Decision `json:"decision,omitempty"` // the last
	Appeal   *Appeal   `json:"appeal,omitempty"`   // only of KindAppeal
	Receipts []string  `json:"receipts,omitempty"` // hashes of those that tell what became of it
	Told     time.Time `json:"told,omitzero"`      // when a report to NCMEC was first written
	Hold     *Hold     `json:"hold,omitempty"`     // that it is kept for
}

// Report is one visitor's word.
type Report struct {
	ID       string    `json:"id"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Reporter string    `json:"reporter"` // pseudonym; of one that is trusted, their name
	Trusted  bool      `json:"trusted,omitempty"`
	Weight   float64   `json:"weight"` // 0: not counted
	Lines    int       `json:"lines"`  // of the chat, in the evidence
	Note     bool      `json:"note"`   // there is one in the evidence
}

// Flag is what a program saw in a still.
type Flag struct {
	At       time.Time `json:"at"`
	Label    string    `json:"label"`
	Score    float64   `json:"score"`
	Model    string    `json:"model,omitempty"`
	Claimed  bool      `json:"claimed,omitempty"` // the viewer's own browser says so, and nobody else
	Rule     string    `json:"rule"`
	Viewer   string    `json:"viewer"`             // pseudonym of who saw it, and posted the still
	Support  string    `json:"support"`            // whether the subject's own still agrees: supported, unsupported or unknown
	Distance int       `json:"distance,omitempty"` // between the two, in bits of 256
	Did      []string  `json:"did"`                // at once
}

// Claim is who looks at a case just now, so that nobody else does.
type Claim struct {
	By    string    `json:"by"`
	Until time.Time `json:"until"`
}

// decodeCase reads what put wrote.
func decodeCase(value []byte) (*Case, error) {
	k := &Case{Kind: KindReport}
	return k, json.Unmarshal(value, k)
}

// held reports whether somebody else than by holds the case.
func (c *Case) held(by string, now time.Time) bool {
	return c.Claim != nil && c.Claim.By != by && now.Before(c.Claim.Until)
}

// undecided reports whether the case waits for a person.
func (c *Case) undecided() bool { return c.State == StateOpen || c.State == StatePending }

// clone returns a copy that shares nothing with c.
func (c *Case) clone() *Case {
	d := *c
	d.Suspects, d.Reports, d.Evidence, d.Flags = slices.Clone(c.Suspects), slices.Clone(c.Reports), slices.Clone(c.Evidence), slices.Clone(c.Flags)
	d.Receipts = slices.Clone(c.Receipts)
	if c.Appeal != nil {
		d.Appeal = &Appeal{By: c.Appeal.By, Bans: slices.Clone(c.Appeal.Bans)}
	}
	if c.Claim != nil {
		claim := *c.Claim
		d.Claim = &claim
	}
	if c.Decision != nil {
		decision := *c.Decision
		d.Decision = &decision
	}
	if c.Hold != nil {
		hold := *c.Hold
		d.Hold = &hold
	}
	return &d
}

// several is the score from which a nuisance is grave: three visitors of whom nothing
// is known.
const several = 1.9

// weigh sets score and gravity by the reports: each reporter counts once, with the
// greatest of their weights.
func (c *Case) weigh() {
	weights := make(map[string]float64)
	gravity := Slight
	for _, r := range c.Reports {
		weights[r.Reporter] = max(weights[r.Reporter], r.Weight)
		if r.Weight > 0 {
			gravity = max(gravity, gravityOf(r.Reason))
		}
	}
	// A flag is a browser's word: each viewer's counts once, by how sure the program is, and
	// where that is the browser's too, no more than a report.
	for _, f := range c.Flags {
		score := f.Score
		if f.Claimed {
			score = min(score, new(reporter).weight(0))
		}
		weights[f.Viewer] = max(weights[f.Viewer], score)
		gravity = max(gravity, gravityOf(f.Label))
	}
	c.Score = 0
	for _, w := range weights {
		c.Score += w
	}
	if gravity == Slight && c.Score >= several {
		gravity = Grave
	}
	c.Gravity = max(c.Gravity, gravity)
}

// Guardian is the reason of what a parent or guardian says: a child uses the site.
const Guardian = "guardian"

// Known is the label of a still that is on the list of known images.
const Known = "known"

// ofMinor reports whether a report or a flag says that somebody under 18 may be concerned.
func ofMinor(reason string) bool { return reason == "minor" || reason == Guardian || reason == Known }

// OfMinor reports whether a report or a flag of the case says that somebody under 18 may
// be concerned.
func (c *Case) OfMinor() bool {
	return slices.ContainsFunc(c.Reports, func(r Report) bool { return ofMinor(r.Reason) }) ||
		slices.ContainsFunc(c.Flags, func(f Flag) bool { return ofMinor(f.Label) })
}

// gravityOf returns how grave it is what a report or a flag says.
func gravityOf(reason string) Gravity {
	if ofMinor(reason) {
		return Urgent
	}
	switch reason {
	case "nudity", "violence", "porn", "hentai", "sexy":
		return Grave
	}
	return Slight
}

// before orders cases for those who judge them: the gravest first, then the oldest.
func before(a, b *Case) int {
	if a.Gravity != b.Gravity {
		return int(b.Gravity - a.Gravity)
	}
	return a.Opened.Compare(b.Opened)
}
