package admin

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
)

// Options are the settings of a service. The zero value works, for a service
// without a daemon.
type Options struct {
	Live       Live             // nil: no daemon runs, so nothing is live
	Relay      Relay            // nil: the same
	SaveKeys   KeySaver         // nil: keys cannot be rotated
	Version    string           // of the program
	DefaultFor time.Duration    // of a ban that names no duration; zero: 24 hours
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger     // what was changed and by whom, never an address; nil: nowhere
}

// Service carries requests out. Its methods are those of Client, and may be
// called at the same time. Every error is an *Error.
type Service struct {
	bans    *ban.Store
	live    Live
	opts    Options
	started time.Time
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
	s.opts.DefaultFor = cmp.Or(s.opts.DefaultFor, 24*time.Hour)
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	if s.opts.Log == nil {
		s.opts.Log = slog.New(slog.DiscardHandler)
	}
	s.started = s.opts.Now().UTC().Truncate(time.Second)
	return s
}

// Ban makes a ban and ends the sessions that it is on.
func (s *Service) Ban(_ context.Context, req BanRequest) (BanResult, error) {
	entries, err := s.entries(req)
	if err != nil {
		return BanResult{}, err
	}
	if req.DryRun {
		made, err := s.bans.Plan(entries)
		if err != nil {
			return BanResult{}, fromStore(err)
		}
		return banResult(made, s.live.Affected(s.covers(entries, made)), true), nil
	}
	made, err := s.bans.AddAll(entries)
	if err != nil {
		return BanResult{}, fromStore(err)
	}
	ended := s.live.Enforce()
	for _, b := range slices.Concat(made.Bans, made.Widened) {
		s.opts.Log.Info("ban added", "id", b.ID, "kind", b.Kind, "scope", b.Scope, "by", b.By, "until", untilText(b), "ended_sessions", ended)
	}
	return banResult(made, ended, false), nil
}

// Unban ends a ban.
func (s *Service) Unban(_ context.Context, req UnbanRequest) (UnbanResult, error) {
	if err := req.Validate(); err != nil {
		return UnbanResult{}, err
	}
	by := cmp.Or(req.By, ownName())
	var result UnbanResult
	var err error
	if req.ID != "" {
		result, err = s.unbanID(req.ID, by)
	} else {
		result, err = s.unbanTarget(req.Target, by)
	}
	if err == nil {
		s.opts.Log.Info("ban removed", "id", result.Ban.ID, "kind", result.Ban.Kind, "by", by)
	}
	return result, err
}

func (s *Service) unbanID(id, by string) (UnbanResult, error) {
	parsed, err := ban.ParseID(id)
	if err != nil {
		return UnbanResult{}, fromStore(err)
	}
	b, err := s.bans.RemoveID(parsed, by)
	if errors.Is(err, ban.ErrNotFound) {
		return UnbanResult{}, notFound("no ban has the id %s; joingyd bans list shows them", quote(id))
	}
	return UnbanResult{Ban: b}, fromStore(err)
}

func (s *Service) unbanTarget(text, by string) (UnbanResult, error) {
	target, err := ban.ParseTarget(text)
	if err != nil {
		return UnbanResult{}, fromStore(err)
	}
	b, err := s.bans.Remove(target, ban.ScopeAll, by)
	around, rule, lookErr := s.covering(target)
	switch {
	case err == nil:
		return UnbanResult{Ban: b, StillBanned: around}, nil
	case !errors.Is(err, ban.ErrNotFound):
		return UnbanResult{}, fromStore(err)
	case lookErr != nil:
		return UnbanResult{}, fromStore(lookErr)
	case around != nil:
		return UnbanResult{}, notFound("no ban is on %s itself, but the one on %s covers it; unban that", target, rule)
	default:
		return UnbanResult{}, notFound("no ban is on %s; joingyd bans list shows what is banned", target)
	}
}

// covering returns a ban on all of target, and what it is on, or nil.
func (s *Service) covering(target ban.Target) (*ban.Ban, netip.Prefix, error) {
	first := target.Prefix().Addr()
	matches, err := s.bans.Matches(first)
	for _, b := range matches {
		if rule := b.RuleFor(first); rule.Bits() <= target.Prefix().Bits() {
			return &b, rule, err
		}
	}
	return nil, netip.Prefix{}, err
}

// Bans returns every active ban.
func (s *Service) Bans(context.Context) (BanList, error) {
	list := BanList{Bans: []ban.Ban{}}
	for b, err := range s.bans.Active() {
		if err != nil {
			return BanList{}, fromStore(err)
		}
		list.Bans = append(list.Bans, b)
	}
	return list, nil
}

// Check tells whether an address may come in.
func (s *Service) Check(_ context.Context, req CheckRequest) (CheckResult, error) {
	addr, err := req.addr()
	if err != nil {
		return CheckResult{}, err
	}
	matches, err := s.bans.Matches(addr)
	if err != nil || len(matches) == 0 {
		return CheckResult{}, fromStore(err)
	}
	return CheckResult{Banned: true, Ban: &matches[0], Rule: matches[0].RuleFor(addr).String()}, nil
}

// Kick ends a session without a ban: the visitor may come back.
func (s *Service) Kick(_ context.Context, req KickRequest) (KickResult, error) {
	id, err := s.session(req.Session)
	if err != nil {
		return KickResult{}, err
	}
	if !s.live.Kick(id) {
		return KickResult{}, noSuchSession(id)
	}
	s.opts.Log.Info("session kicked", "session", id, "by", cmp.Or(req.By, ownName()))
	return KickResult{Session: id.String()}, nil
}

// Status tells what the daemon is doing.
func (s *Service) Status(context.Context) (Status, error) {
	return Status{Version: s.opts.Version, Started: s.started, LiveStatus: s.live.Status(), Bans: s.bans.Len()}, nil
}

// entries turns a request into what the store takes, after every check.
func (s *Service) entries(req BanRequest) ([]ban.Entry, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	targets, err := s.targets(req)
	if err != nil {
		return nil, err
	}
	until, err := s.until(req)
	if err != nil {
		return nil, err
	}
	by := cmp.Or(req.By, ownName())
	entries := make([]ban.Entry, len(targets))
	for i, target := range targets {
		if err := guard(target); err != nil && !req.Force {
			return nil, err
		}
		entries[i] = ban.Entry{Target: target, KeepAddress: req.KeepAddress, Reason: req.Reason, Note: req.Note, By: by, Until: until}
	}
	return entries, nil
}

// targets returns at least one target, or an error.
func (s *Service) targets(req BanRequest) ([]ban.Target, error) {
	if req.Target != "" {
		target, err := ban.ParseTarget(req.Target)
		return []ban.Target{target}, fromStore(err)
	}
	id, err := s.session(req.Session)
	if err != nil {
		return nil, err
	}
	addrs := s.live.Addresses(id)
	if len(addrs) == 0 {
		return nil, noSuchSession(id)
	}
	var targets []ban.Target
	for _, addr := range addrs {
		targets = append(targets, ban.TargetFor(addr))
	}
	return targets, nil
}

// session reads a session's name, where there can be sessions.
func (s *Service) session(text string) (ident.Session, error) {
	id, err := parseSession(text)
	if err == nil && s.opts.Live == nil {
		err = errNotRunning
	}
	return id, err
}

// until returns when the ban ends: on a whole second, never sooner than asked.
func (s *Service) until(req BanRequest) (time.Time, error) {
	if req.Permanent {
		return time.Time{}, nil
	}
	d := s.opts.DefaultFor
	if req.For != "" {
		var err error
		if d, err = parseFor(req.For); err != nil {
			return time.Time{}, err
		}
	}
	return s.opts.Now().Add(d + time.Second - 1).Truncate(time.Second), nil
}

// untilText is a ban's end in the log: RFC 3339, or permanent.
func untilText(b ban.Ban) string {
	if b.Permanent() {
		return "permanent"
	}
	return b.Until.Format(time.RFC3339)
}

func banResult(made ban.Made, ended int, dryRun bool) BanResult {
	return BanResult{Ban: made.Bans[0], Also: made.Bans[1:], Widened: made.Widened, EndedSessions: ended, DryRun: dryRun}
}

// covers tells which addresses the bans would be on.
func (s *Service) covers(entries []ban.Entry, made ban.Made) func(netip.Addr) bool {
	return func(addr netip.Addr) bool {
		return slices.ContainsFunc(entries, func(e ban.Entry) bool { return s.bans.Covers(e.Target, addr) }) ||
			slices.ContainsFunc(made.Widened, func(b ban.Ban) bool { return b.Prefix.Contains(addr) })
	}
}

// ownName is who runs this process.
func ownName() string { return userName(os.Getuid()) }
