package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/privacy"
)

// Retained is what there is now in one store.
type Retained struct {
	Store  string    `json:"store"` // such as ip_log; the label of the sweeper's metrics
	What   string    `json:"what"`
	Where  string    `json:"where"` // in the data directory, or in memory
	Count  int       `json:"count"`
	Held   int       `json:"held"` // of them or besides, whatever their time: for authorities, or by a rule
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
	Bytes  int64     `json:"bytes"` // of the file or directory, which several may share
	Kept   string    `json:"kept"`  // how long, as the sweeper has it
}

// PrivacyReport is what is held at one moment.
type PrivacyReport struct {
	At       time.Time      `json:"at"`
	Stores   []Retained     `json:"stores"`
	Requests map[string]int `json:"requests"`       // by state; overdue ones apart
	Swept    time.Time      `json:"swept,omitzero"` // when the sweeper ran last; zero: not yet
	Failed   []string       `json:"failed"`         // stores in which it failed then
}

// SubjectRequest asks what is held of somebody: one of Address, Session and Request.
type SubjectRequest struct {
	Address string    `json:"address,omitempty"` // IPv6: its /64 counts
	Session string    `json:"session,omitempty"` // also one that has ended
	Request string    `json:"request,omitempty"` // number of a request, which says of whom it is
	From    time.Time `json:"from,omitzero"`     // of rows of the IP log
	To      time.Time `json:"to,omitzero"`

	By string `json:"-"` // as in BanRequest
}

// PersonalData is what is held of somebody. Who reported them, and what was said by others,
// is not theirs.
type PersonalData struct {
	At       time.Time     `json:"at"`
	Request  string        `json:"request,omitempty"` // that it answers
	Bans     []ban.Ban     `json:"bans"`              // in force
	Ended    []ban.Ended   `json:"ended_bans"`
	Cases    []PersonCase  `json:"cases"`    // about them, and their appeals
	Said     int           `json:"said"`     // cases about others that they reported
	Reporter []Word        `json:"reporter"` // how good their word is
	Rows     []SealedVisit `json:"rows"`     // of the IP log: the operator's key opens them
	Sessions []Session     `json:"sessions"` // live
	Unread   Unread        `json:"unread"`   // of anybody, where an address was asked for
}

// Word is a reporter's record.
type Word = moderate.Word

// Unread counts what is kept under keys that rotations have dropped (joingyd keys rotate):
// nobody can tell any more whose it is, and an address does not find it.
type Unread struct {
	Ended int `json:"ended_bans"`
	Cases int `json:"cases"`
	Words int `json:"reporters"`
}

// Total is how many there are.
func (u Unread) Total() int { return u.Ended + u.Cases + u.Words }

// String lists them.
func (u Unread) String() string {
	return fmt.Sprintf("bans that have ended: %d, cases: %d, records of reporters: %d", u.Ended, u.Cases, u.Words)
}

// PersonCase is a case as whom it is about may see it.
type PersonCase struct {
	ID       string          `json:"id"`
	Kind     moderate.Kind   `json:"kind"`
	State    moderate.State  `json:"state"`
	Opened   time.Time       `json:"opened"`
	Reasons  []string        `json:"reasons"`
	Decision moderate.Action `json:"decision,omitempty"`
	Why      string          `json:"why,omitempty"`
	Decided  time.Time       `json:"decided,omitzero"`
	Evidence int             `json:"evidence"` // pieces that are kept, sealed
	Held     time.Time       `json:"held_until,omitzero"`
}

// SealedVisit is a row of the IP log.
type SealedVisit struct {
	At     time.Time `json:"at"` // cut to the minute
	Sealed []byte    `json:"sealed"`
	Held   bool      `json:"held,omitempty"` // only a hold keeps it
}

// Validate reports what is wrong with the request itself.
func (r SubjectRequest) Validate() error {
	if given(r.Address != "", r.Session != "", r.Request != "") != 1 {
		return invalid("name an address, a session or a request, one of them")
	}
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Before(r.From) {
		return invalid("to is before from; give the earlier time first")
	}
	if r.Request != "" {
		return nil
	}
	return AboutRequest{Address: r.Address, Session: r.Session}.Validate()
}

// who is whom a request is about: what can be found by it.
type who struct {
	addr    netip.Addr // invalid: not known
	subject moderate.Subject
	request string
	marks   []iplog.Mark // of a request, in place of the address
}

var errNoRequests = &Error{CodeUnavailable, "requests for data are the running daemon's; start it"}

// Held tells what is held, of everybody.
func (s *Service) Held(context.Context) (PrivacyReport, error) {
	if s.opts.Retained == nil {
		return PrivacyReport{}, errNoRequests
	}
	report, err := s.opts.Retained()
	if err != nil {
		return report, &Error{CodeInternal, err.Error()}
	}
	return report, nil
}

// who finds of whom a request is.
func (s *Service) who(req SubjectRequest) (w who, err error) {
	if err := req.Validate(); err != nil {
		return w, err
	}
	switch {
	case req.Request != "":
		r, err := s.opts.Requests.Get(req.Request)
		if err == nil && !r.Waits() {
			err = privacy.ErrEnded
		}
		if err != nil {
			return w, fromRequests(err, req.Request)
		}
		w.request, w.subject = r.ID, moderate.Subject{Session: r.Subject.Session, Pseudonyms: r.Subject.Pseudonyms}
		w.marks, err = marksOf(r)
		return w, err
	case req.Session != "":
		w.subject.Session = req.Session
		return w, nil
	}
	if w.addr, err = netip.ParseAddr(req.Address); err != nil {
		return w, notAddress(req.Address)
	}
	w.addr = w.addr.Unmap().WithZone("")
	w.subject.Pseudonyms = s.pseudonyms(w.addr)
	return w, nil
}

// pseudonyms are what stands for an address in what is kept, under each key that lives.
func (s *Service) pseudonyms(addr netip.Addr) (list []string) {
	for _, p := range s.bans.Pseudonyms(addr) {
		list = append(list, p.String())
	}
	return list
}

// queries are what finds rows of the IP log.
func (w *who) queries(from, to time.Time) (list []iplog.Query) {
	if w.addr.IsValid() {
		list = append(list, iplog.Query{Address: w.addr, From: from, To: to})
	}
	if w.subject.Session != "" {
		list = append(list, iplog.Query{Session: w.subject.Session, From: from, To: to})
	}
	return list
}

// DataOf returns what is held of somebody. That it was asked, by whom and for which
// request, is written down first; the address never.
func (s *Service) DataOf(ctx context.Context, req SubjectRequest) (data PersonalData, err error) {
	if s.opts.Requests == nil || s.opts.Cases == nil {
		return data, errNoRequests
	}
	w, err := s.who(req)
	if err != nil {
		return data, err
	}
	if err := s.record(req.By, "privacy.access", w.name(), map[string]string{"by": w.by()}); err != nil {
		return data, err
	}
	return s.gather(ctx, &w, req.From, req.To)
}

// Categories returns of what kinds something is held that is about an address or a
// session, by the store's name. Who asks may be anybody with that address.
func (s *Service) Categories(ctx context.Context, addr netip.Addr, session string) (map[string]bool, error) {
	if s.opts.Requests == nil || s.opts.Cases == nil {
		return nil, errNoRequests
	}
	w := who{addr: addr.Unmap().WithZone(""), subject: moderate.Subject{Session: session}}
	w.subject.Pseudonyms = s.pseudonyms(w.addr)
	data, err := s.gather(ctx, &w, time.Time{}, time.Time{})
	if err != nil {
		return nil, err
	}
	return map[string]bool{
		"bans": len(data.Bans) > 0, "ended_bans": len(data.Ended) > 0, "cases": len(data.Cases) > 0,
		"reporters": data.Said > 0 || len(data.Reporter) > 0, "ip_log": len(data.Rows) > 0,
	}, nil
}

// gather finds what is held of somebody.
func (s *Service) gather(ctx context.Context, who *who, from, to time.Time) (data PersonalData, err error) {
	w := *who
	data = PersonalData{At: s.opts.Now().UTC(), Request: w.request, Bans: []ban.Ban{}, Ended: []ban.Ended{}, Cases: []PersonCase{}, Reporter: []Word{}, Rows: []SealedVisit{}, Sessions: []Session{}}
	if err := s.bansOf(ctx, &w, &data); err != nil {
		return data, err
	}
	found, err := s.opts.Cases.Concerning(w.subject)
	if err != nil {
		return data, fromCases(err, "")
	}
	for _, k := range found.Cases {
		data.Cases = append(data.Cases, personCase(k))
	}
	data.Said, data.Reporter = found.Said, append(data.Reporter, found.Words...)
	if s.opts.IPLog != nil {
		for _, q := range w.queries(from, to) {
			rows, err := s.opts.IPLog.Find(q)
			if err != nil {
				return data, &Error{CodeInternal, err.Error()}
			}
			for _, row := range rows {
				data.Rows = append(data.Rows, SealedVisit{row.At, row.Sealed, row.Held != ""})
			}
		}
	}
	data.Sessions = append(data.Sessions, s.sessionsOf(&w)...)
	if w.addr.IsValid() {
		data.Unread, err = s.unread(ctx)
	}
	return data, err
}

// unread counts what no address finds any more.
func (s *Service) unread(ctx context.Context) (u Unread, err error) {
	gone := s.bans.Unread()
	for e, err := range s.bans.Ended() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return u, fromStore(err)
		}
		if gone(e) {
			u.Ended++
		}
	}
	u.Cases, u.Words, err = s.opts.Cases.Unread(func(pseudonym string) bool {
		p, err := ban.ParsePseudonym(pseudonym)
		return err != nil || s.bans.Reads(p)
	})
	if err != nil {
		return u, fromCases(err, "")
	}
	return u, nil
}

// name is what the audit log says it is about.
func (w *who) name() string { return cmp.Or(w.request, w.subject.Session) }

func (w *who) by() string {
	switch {
	case w.request != "":
		return "request"
	case w.addr.IsValid():
		return "address"
	}
	return "session"
}

// bansOf adds the bans that there are and were. Of a request without its address those on
// the address itself are found, not those on networks.
func (s *Service) bansOf(ctx context.Context, w *who, data *PersonalData) error {
	if w.addr.IsValid() {
		active, err := s.bans.Matches(w.addr)
		if err != nil {
			return fromStore(err)
		}
		history, err := s.History(ctx, HistoryRequest{Target: w.addr.String(), Limit: MaxListed})
		data.Bans, data.Ended = append(data.Bans, active...), append(data.Ended, history.Ended...)
		return err
	}
	targets := targetsOf(w.subject.Pseudonyms)
	for _, target := range targets {
		wasOn := s.bans.WasOn(target)
		for e, err := range s.bans.Ended() {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return fromStore(err)
			}
			if wasOn(e) && !slices.ContainsFunc(data.Ended, func(other ban.Ended) bool { return other.Ban.ID == e.Ban.ID }) {
				data.Ended = append(data.Ended, e)
			}
		}
		for _, scope := range ban.Scopes() {
			if until, banned := s.bans.Lookup(target, scope); banned {
				data.Bans = append(data.Bans, ban.Ban{Kind: target.Kind(), Scope: scope, Until: until})
			}
		}
	}
	return nil
}

func targetsOf(pseudonyms []string) (targets []ban.Target) {
	for _, text := range pseudonyms {
		if p, err := ban.ParsePseudonym(text); err == nil {
			targets = append(targets, ban.TargetOf(p))
		}
	}
	return targets
}

func personCase(k *moderate.Case) PersonCase {
	p := PersonCase{ID: k.ID, Kind: k.Kind, State: k.State, Opened: k.Opened, Reasons: []string{}, Evidence: len(k.Evidence)}
	for _, r := range k.Reports {
		p.Reasons = append(p.Reasons, r.Reason)
	}
	for _, f := range k.Flags {
		p.Reasons = append(p.Reasons, "still: "+f.Label)
	}
	if d := k.Decision; d != nil && k.State == moderate.StateDecided {
		p.Decision, p.Why, p.Decided, p.Evidence = d.Do, d.Reason, d.At, 0
	}
	if k.Hold != nil {
		p.Held, p.Evidence = k.Hold.Until, len(k.Evidence)
	}
	return p
}

// sessionsOf returns the live sessions of somebody.
func (s *Service) sessionsOf(w *who) (list []Session) {
	id, err := ident.ParseSession(w.subject.Session)
	for session := range s.live.Sessions() {
		same := err == nil && session.ID == id
		if !same && w.addr.IsValid() {
			same = slices.ContainsFunc(s.live.Addresses(session.ID), func(addr netip.Addr) bool { return ban.TargetFor(addr) == ban.TargetFor(w.addr) })
		}
		if !same {
			continue
		}
		session.Network = network(session.Address)
		s.live.Detail(&session)
		list = append(list, session)
	}
	return list
}

// EraseRequest asks that what may be deleted of somebody is: one of Address, Session and
// Request.
type EraseRequest struct {
	Address string `json:"address,omitempty"`
	Session string `json:"session,omitempty"`
	Request string `json:"request,omitempty"` // of a visitor, which otherwise waits for its time
	DryRun  bool   `json:"dry_run,omitempty"` // delete nothing, and tell what would be

	By string `json:"-"`
}

// Erasure is what was deleted, and what stays.
type Erasure struct {
	Request string        `json:"request,omitempty"` // number of it: the receipt
	DryRun  bool          `json:"dry_run,omitempty"`
	At      time.Time     `json:"at"`
	Stores  []ErasedStore `json:"stores"`
}

// ErasedStore is what an erasure came to in one store.
type ErasedStore struct {
	Store  string   `json:"store"`
	What   string   `json:"what"`
	Erased int      `json:"erased"`
	Left   int      `json:"left"`
	Why    string   `json:"why,omitempty"`   // it is left
	Which  []string `json:"which,omitempty"` // numbers of what is left
}

// Erase deletes of somebody what may be deleted, and says what stays. Before it begins it
// is on disk that it is to happen: after a crash the next start completes it.
func (s *Service) Erase(ctx context.Context, req EraseRequest) (e Erasure, err error) {
	if s.opts.Requests == nil || s.opts.Cases == nil {
		return e, errNoRequests
	}
	w, err := s.who(SubjectRequest{Address: req.Address, Session: req.Session, Request: req.Request})
	if err != nil {
		return e, err
	}
	r := privacy.Request{Kind: privacy.Erase, By: cmp.Or(req.By, ownName())}
	if req.Request != "" {
		if r, err = s.opts.Requests.Get(req.Request); err != nil {
			return e, fromRequests(err, req.Request)
		}
		if r.Kind != privacy.Erase {
			return e, invalid("request %s asks what is held; answer it with joingyd privacy requests answer %s", r.ID, r.ID)
		}
	} else if r.Subject, err = s.Mark(w.addr, w.subject.Session); err != nil {
		return e, err
	}
	held, err := s.heldRows(&w)
	if err != nil {
		return e, err
	}
	if req.DryRun {
		return s.dryErase(ctx, &w, r, held)
	}
	if r.ID == "" {
		if r, err = s.opts.Requests.Add(r); err != nil {
			return e, fromRequests(err, "")
		}
	}
	return s.CarryOut(ctx, r.ID, cmp.Or(req.By, ownName()), held)
}

// Mark notes whom a request is about: an address, a session or both, without the address.
func (s *Service) Mark(addr netip.Addr, session string) (subject privacy.Subject, err error) {
	w := who{addr: addr, subject: moderate.Subject{Session: session}}
	subject.Session = session
	if addr.IsValid() {
		subject.Pseudonyms = s.pseudonyms(addr.Unmap().WithZone(""))
	}
	if s.opts.IPLog == nil {
		return subject, nil
	}
	var marks []iplog.Mark
	for _, q := range w.queries(time.Time{}, time.Time{}) {
		mark, err := s.opts.IPLog.Mark(q)
		if err != nil {
			return subject, &Error{CodeInternal, err.Error()}
		}
		if !mark.IsZero() {
			marks = append(marks, mark)
		}
	}
	if subject.Rows, err = encodeMarks(marks); err != nil {
		return subject, &Error{CodeInternal, err.Error()}
	}
	return subject, nil
}

// heldRows counts the rows that holds keep, as far as what is known of somebody tells.
func (s *Service) heldRows(w *who) (held int, err error) {
	if s.opts.IPLog == nil {
		return 0, nil
	}
	for _, q := range w.queries(time.Time{}, time.Time{}) {
		n, err := s.opts.IPLog.Held(q)
		if err != nil {
			return 0, &Error{CodeInternal, err.Error()}
		}
		held += n
	}
	return held, nil
}

func fromRequests(err error, id string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, privacy.ErrNotFound):
		return notFound("there is no request %s; joingyd privacy requests list shows those that wait", quote(id))
	case errors.Is(err, privacy.ErrEnded):
		return invalid("request %s has ended already; joingyd privacy requests show %s tells how", id, id)
	case errors.Is(err, privacy.ErrBegun):
		return invalid("request %s: %s", id, err)
	}
	return &Error{CodeInternal, err.Error()}
}

// numberOf writes a count for the audit log.
func numberOf(n int) string { return strconv.Itoa(n) }
