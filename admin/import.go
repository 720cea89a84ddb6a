package admin

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

// ImportRequest says how to read a list of bans, and what they are where the list
// does not say. By and Own are as in BanRequest.
type ImportRequest struct {
	Format      list.Format // empty: told from how the list begins and from Name
	Name        string      // of the list, for the bans' notes
	Scope       ban.Scope   // where the list names none; empty: all
	For         string      // where the list names no end, as in BanRequest
	Permanent   bool        // the same
	Reason      string      // where the list has none for the visitor
	KeepAddress bool        // as in BanRequest
	DryRun      bool        // change nothing, answer what would happen
	Force       bool        // allow bans that look like a mistake
	Own         []string
	By          string
}

// ImportResult is what became of a list.
type ImportResult struct {
	Format        list.Format     `json:"format"`
	New           int             `json:"new"`      // bans on what had none
	Extended      int             `json:"extended"` // bans in place of one that would have ended sooner
	Known         int             `json:"known"`    // left: banned for as long already, or twice on the list
	Refused       int             `json:"refused"`
	Refusals      []ImportRefusal `json:"refusals"` // the first of them
	EndedSessions int             `json:"ended_sessions"`
	DryRun        bool            `json:"dry_run,omitempty"`
}

// ImportRefusal is a line of a list that became no ban.
type ImportRefusal struct {
	Line int    `json:"line"`
	Text string `json:"text"`
	Why  string `json:"why"`
}

const (
	importBatch   = 10_000 // bans in one transaction
	enforceEvery  = 10     // batches, and once more at the end
	maxRefusals   = 20     // told; all are counted
	detectionHead = 4 << 10
	maxListName   = 200
)

// Validate is as that of BanRequest.
func (r ImportRequest) Validate() error {
	if r.Format != "" && !slices.Contains(list.Readable(), r.Format) {
		return invalid("%s is no format of a list; write one of %v", quote(string(r.Format)), list.Readable())
	}
	if len(r.Name) > maxListName {
		return invalid("the name of the list is too long; shorten it to %d bytes", maxListName)
	}
	return BanRequest{Target: "192.0.2.1", Scope: r.Scope, For: r.For, Permanent: r.Permanent, Own: r.Own}.Validate()
}

// Import makes the bans of a list, which it reads to its end in memory that does
// not grow with it. They are made in batches: if r fails, or the disk, those before
// are there, and the error says how many.
func (s *Service) Import(ctx context.Context, req ImportRequest, r io.Reader) (ImportResult, error) {
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return ImportResult{}, err
	}
	source := bufio.NewReaderSize(r, detectionHead)
	if req.Format == "" {
		head, _ := source.Peek(detectionHead) // an error comes again when it is read
		req.Format = list.Detect(head, req.Name)
	}
	i, err := s.newImport(req)
	if err != nil {
		return ImportResult{}, err
	}
	for item, err := range list.Read(source, req.Format, s.opts.Now()) {
		if err := cmp.Or(ctx.Err(), i.take(item, err)); err != nil {
			return i.result, i.broken(err)
		}
	}
	if err := i.flush(); err != nil {
		return i.result, i.broken(err)
	}
	i.finish()
	return i.result, nil
}

// imported is an import under way.
type imported struct {
	*Service
	req    ImportRequest
	own    []netip.Addr
	until  time.Time // where the list does not say
	result ImportResult

	batch   []ban.Entry
	batches int
	// The ends of the targets that are on the list already, by a hash of them: those
	// of this batch or, in a dry run, all. The store knows those of batches that are made.
	ends map[uint64]time.Time
	seed maphash.Seed
	hit  ban.Set // in a dry run: what would be banned
}

func (s *Service) newImport(req ImportRequest) (*imported, error) {
	i := &imported{
		Service: s, req: req, seed: maphash.MakeSeed(), ends: map[uint64]time.Time{},
		result: ImportResult{Format: req.Format, DryRun: req.DryRun, Refusals: []ImportRefusal{}},
	}
	like := BanRequest{For: req.For, Permanent: req.Permanent, Own: req.Own}
	var err error
	if i.own, err = like.own(); err != nil {
		return nil, err
	}
	if i.until, _, err = s.until(like, nil); err != nil {
		return nil, err
	}
	_, err = s.bans.Plan([]ban.Entry{i.entry(list.Item{Target: ban.TargetFor(netip.IPv4Unspecified())})}) // what the list cannot mend
	return i, fromStore(err)
}

// take takes what the list's reader yields.
func (i *imported) take(item list.Item, err error) error {
	if refusal, ok := errors.AsType[*list.Refusal](err); ok {
		i.refuse(refusal.Line, refusal.Text, refusal.Why)
		return nil
	}
	if err != nil {
		return err
	}
	if err := i.guardOne(item.Target, i.own); err != nil && !i.req.Force {
		i.refuse(item.Line, item.Target.String(), err.Error())
		return nil
	}
	e := i.entry(item)
	key := maphash.Comparable(i.seed, placeOnList{item.Target.Prefix(), e.Scope})
	standing, banned := i.bans.Lookup(item.Target, e.Scope)
	end, twice := i.ends[key]
	switch {
	case banned && !endsLater(e.Until, standing), twice && !endsLater(e.Until, end):
		i.result.Known++
		return nil
	case twice: // the longer of two counts, and the store keeps the last
		i.result.Known++
	case banned:
		i.result.Extended++
	default:
		i.result.New++
	}
	i.ends[key] = e.Until
	if i.req.DryRun {
		i.hit.Add(item.Target)
		return nil
	}
	if i.batch = append(i.batch, e); len(i.batch) < importBatch {
		return nil
	}
	return i.flush()
}

// placeOnList is what there is one ban on.
type placeOnList struct {
	prefix netip.Prefix
	scope  ban.Scope
}

// entry is the ban that an item asks for.
func (i *imported) entry(item list.Item) ban.Entry {
	until := item.Until
	if until.IsZero() && !item.Permanent {
		until = i.until
	}
	note := "imported from " + i.req.Name
	if item.Source != "" {
		note += ": " + item.Source
	}
	target, _ := ban.ParseTarget(item.Target.String()) // its text, without the list's line around it
	return ban.Entry{
		Target: target, Scope: cmp.Or(item.Scope, i.req.Scope, ban.ScopeAll), KeepAddress: i.req.KeepAddress, Imported: true,
		Reason: cmp.Or(item.Reason, i.req.Reason), Note: note, By: i.req.By, Until: until,
	}
}

// endsLater reports whether a ban that ends at a outlasts one that ends at b; zero
// is never. Lists have whole seconds: less than one is no difference.
func endsLater(a, b time.Time) bool {
	return !b.IsZero() && (a.IsZero() || a.Sub(b) >= time.Second)
}

func (i *imported) refuse(line int, text, why string) {
	i.result.Refused++
	if len(i.result.Refusals) < maxRefusals {
		i.result.Refusals = append(i.result.Refusals, ImportRefusal{line, text, why})
	}
}

// flush makes the bans of the batch.
func (i *imported) flush() error {
	if len(i.batch) == 0 {
		return nil
	}
	if _, err := i.bans.AddAll(i.batch); err != nil {
		return err
	}
	i.batch = i.batch[:0]
	clear(i.ends)
	if i.batches++; i.batches%enforceEvery == 0 {
		i.result.EndedSessions += i.live.Enforce(nil)
	}
	return nil
}

func (i *imported) finish() {
	r := &i.result
	if r.DryRun {
		r.EndedSessions = i.live.Affected(i.hit.Contains)
		return
	}
	r.EndedSessions += i.live.Enforce(nil)
	i.opts.Log.Info("bans imported", "format", r.Format, "by", i.req.By, "new", r.New, "extended", r.Extended, "known", r.Known, "refused", r.Refused, "ended_sessions", r.EndedSessions)
}

// broken is for an import that ends before its list does.
func (i *imported) broken(err error) error {
	made := i.batches * importBatch
	if !i.req.DryRun && made > 0 {
		i.result.EndedSessions += i.live.Enforce(nil)
	}
	i.opts.Log.Warn("import of bans broken off", "by", i.req.By, "made", made)
	return &Error{CodeInternal, fmt.Sprintf("the list broke off: %s; the first %d bans of it are made, and importing it again makes the rest", err, made)}
}
