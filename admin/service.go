package admin

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/doctor"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/pdq"
	"github.com/joingyd/joingyd/privacy"
)

// Options are the settings of a service. The zero value works, for a service
// without a daemon.
type Options struct {
	Live       Live                                         // nil: no daemon runs, so nothing is live
	Relay      Relay                                        // nil: the same
	Cluster    Cluster                                      // nil: the daemon is alone
	Nodes      Nodes                                        // nil: the same
	SaveKeys   KeySaver                                     // nil: keys cannot be rotated
	Version    string                                       // of the program
	Reports    Reports                                      // nil: nobody was reported
	Cases      *moderate.Store                              // nil: there are none
	Evidence   Evidence                                     // of cases; nil: there is none
	HoldFor    time.Duration                                // how long a case is held where nobody says; zero: a year
	Audit      *audit.Log                                   // who judged what and saw what; nil: nobody writes it down
	Images     *pdq.List                                    // that are known; nil: there is no list
	Stills     bool                                         // stills are looked at, and so compared with Images
	Kept       func(AddFile) error                          // hands out what a backup has besides the bans, in the order in which to copy it; nil: nothing
	Totals     Totals                                       // of each day; nil: there are none
	Links      Links                                        // to the moderators' page; nil: there is none
	DefaultFor time.Duration                                // of a ban that names no duration; zero: 24 hours
	Steps      []time.Duration                              // of bans that escalate; empty: 1 hour, 1 day, 30 days
	SharedFor  time.Duration                                // the longest ban on what many share; zero: 1 hour
	Shared     []netip.Prefix                               // what many are known to share
	Now        func() time.Time                             // nil: time.Now
	Diagnose   func(context.Context) (doctor.Report, error) // nil: only the daemon can
	Log        *slog.Logger                                 // what was changed and by whom, never an address; nil: nowhere

	KeyFile  func(KeyPurpose) KeyFile // where keys are; nil: not known
	KeyRings map[KeyPurpose]KeyRing   // the keys other than the bans'; what is missing has none

	SecretFiles func(SecretName) []string // where secrets are that no command rotates; nil: not known

	IPLog       *iplog.Log                         // nil: there is none
	LegalHolds  *legalhold.Register                // nil: there are none
	Disclosures *disclosure.Register               // nil: nothing can be disclosed
	SigningKey  func() (ed25519.PrivateKey, error) // of disclosures; made where there is none

	Requests *privacy.Store                // for data; nil: there are none
	Retained func() (PrivacyReport, error) // what is held; nil: nobody knows
}

// Service carries requests out. Its methods are those of Client, and may be
// called at the same time. Every error is an *Error.
type Service struct {
	bans     *ban.Store
	live     Live
	opts     Options
	terms    atomic.Pointer[Terms]
	started  time.Time
	rotating sync.Mutex // held by RotateKeys: one rotation at a time
	erasing  sync.Mutex // held by the one erasure at a time
}

// NewService returns a service on a store, which the caller closes. A nil opts
// is all defaults.
func NewService(bans *ban.Store, opts *Options) *Service {
	s := &Service{bans: bans}
	if opts != nil {
		s.opts = *opts
	}
	if s.live = s.opts.Live; s.live == nil {
		s.live = nobody{}
	}
	s.SetTerms(Terms{s.opts.DefaultFor, s.opts.Steps, s.opts.SharedFor, s.opts.Shared})
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	if s.opts.Log == nil {
		s.opts.Log = slog.New(slog.DiscardHandler)
	}
	s.started = s.opts.Now().UTC().Truncate(time.Second)
	return s
}

// Kick ends a session without a ban: the visitor may come back.
func (s *Service) Kick(ctx context.Context, req KickRequest) (KickResult, error) {
	if err := req.Validate(); err != nil {
		return KickResult{}, err
	}
	id, err := s.session(req.Session)
	if err != nil {
		return KickResult{}, err
	}
	if !s.live.Kick(id, req.Reason) {
		return KickResult{}, noSuchSession(id)
	}
	s.opts.Log.InfoContext(ctx, "session kicked", "session", id, "by", cmp.Or(req.By, ownName()))
	return KickResult{Session: id.String()}, nil
}

// Status tells what the daemon is doing.
func (s *Service) Status(context.Context) (Status, error) {
	return Status{Version: s.opts.Version, Started: s.started, LiveStatus: s.live.Status(), Bans: s.bans.Len()}, nil
}

// session reads a session's name, where there can be sessions.
func (s *Service) session(text string) (ident.Session, error) {
	id, err := parseSession(text)
	if err == nil && s.opts.Live == nil {
		err = errNotRunning
	}
	return id, err
}

// ownName is who runs this process.
func ownName() string { return userName(os.Getuid()) }
