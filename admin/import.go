package admin

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"

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
	Note        string      // before the name of the list and what that says itself
	KeepAddress bool        // as in BanRequest
	DryRun      bool        // change nothing, answer what would happen
	Force       bool        // allow bans that look like a mistake
	Own         []string
	By          string
}

// ImportResult is what became of a list.
type ImportResult struct {
	Format   list.Format `json:"format"`
	New      int         `json:"new"`      // bans on what had none
	Extended int         `json:"extended"` // bans in place of one that would have ended sooner
	Known    int         `json:"known"`    // left: banned for as long already, or for less than a minute less
	Refused  int         `json:"refused"`

	Permanent int    `json:"permanent"` // of the new and extended ones
	NoEnd     int    `json:"no_end"`    // of the new and extended ones: the list names no end
	For       string `json:"for"`       // how long those last: a duration, or permanent
	Allowed   int    `json:"allowed"`   // of the new and extended ones: the allowlist lets them in all the same

	Reasons       []ImportReason  `json:"reasons"`  // why lines were refused, the most frequent first; at most 20
	Refusals      []ImportRefusal `json:"refusals"` // the first 20
	EndedSessions int             `json:"ended_sessions"`
	DryRun        bool            `json:"dry_run,omitempty"`
}

// ImportReason is why so many lines were refused.
type ImportReason struct {
	Why   string `json:"why"`
	Lines int    `json:"lines"`
}

// ImportRefusal is a line of a list that became no ban.
type ImportRefusal struct {
	Line int    `json:"line"`
	Text string `json:"text"`
	Why  string `json:"why"`
}

const (
	// importBatch is how many bans are made in one transaction. What waits for it
	// holds the text that it came from, so that is bounded as well.
	importBatch = 10_000
	importText  = 16 << 20 // bytes
	// enforceEvery is after how many batches the live sessions are looked at.
	enforceEvery  = 5
	detectionHead = 4 << 10

	maxListName   = 200 // bytes
	maxImportNote = 500 // characters: with name and comment it fits ban.MaxNote
)

// Validate is as that of BanRequest.
func (r ImportRequest) Validate() error {
	if r.Format != "" && !slices.Contains(list.Readable(), r.Format) {
		return invalid("%s is no format of a list; write one of %v", quote(string(r.Format)), list.Readable())
	}
	if len(r.Name) > maxListName {
		return invalid("the name of the list is too long; shorten it to %d bytes", maxListName)
	}
	if n := utf8.RuneCountInString(r.Note); n > maxImportNote {
		return invalid("the note has %d characters; shorten it to %d, as the name of the list is added", n, maxImportNote)
	}
	return BanRequest{Target: "192.0.2.1", Scope: r.Scope, For: r.For, Permanent: r.Permanent, Own: r.Own}.Validate()
}

// Import makes the bans of a list, which it reads to its end in memory that does
// not grow with it; a dry run remembers what it has seen. They are made in batches:
// if r fails, or the disk, or ctx ends, those before are there, and the error says
// how far that is.
func (s *Service) Import(ctx context.Context, req ImportRequest, r io.Reader) (ImportResult, error) {
	req.By = cmp.Or(req.By, ownName())
	if err := req.Validate(); err != nil {
		return ImportResult{}, err
	}
	text := &counted{r: r}
	source := bufio.NewReaderSize(text, detectionHead)
	if req.Format == "" {
		head, _ := source.Peek(detectionHead) // an error comes again when it is read
		req.Format = list.Detect(head, req.Name)
	}
	i, err := s.newImport(req)
	if err != nil {
		return ImportResult{}, err
	}
	taken := text.n
	for item, err := range list.Read(source, req.Format, s.opts.Now()) {
		if err := cmp.Or(ctx.Err(), i.take(item, err)); err != nil {
			return ImportResult{}, i.finish(ctx, err)
		}
		if len(i.batch) < importBatch && text.n-taken < importText {
			continue
		}
		if err := i.flush(); err != nil {
			return ImportResult{}, i.finish(ctx, err)
		}
		taken = text.n
	}
	if err := i.finish(ctx, i.flush()); err != nil {
		return ImportResult{}, err
	}
	return i.result, nil
}

// counted counts the bytes that are read.
type counted struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// imported is an import under way.
type imported struct {
	*Service
	req   ImportRequest
	note  string // of each ban, without the list's own comment
	own   []netip.Addr
	until time.Time // where the list does not say

	batch    []list.Item
	batches  int        // since the live sessions were looked at
	done     int        // the last line that is in the store
	plan     importPlan // of a dry run
	refusals refusals
	result   ImportResult
}

func (s *Service) newImport(req ImportRequest) (*imported, error) {
	i := &imported{Service: s, req: req, note: "imported from " + req.Name, plan: importPlan{ends: map[banKey]int64{}}}
	i.result = ImportResult{Format: req.Format, DryRun: req.DryRun, For: "permanent"}
	if req.Note != "" {
		i.note = req.Note + "; " + i.note
	}
	like := BanRequest{For: req.For, Permanent: req.Permanent, Own: req.Own}
	var err error
	if i.own, err = like.own(); err != nil {
		return nil, err
	}
	if i.until, _, err = s.until(like, nil); err != nil {
		return nil, err
	}
	if !i.until.IsZero() {
		i.result.For = i.until.Sub(s.in(0)).String()
	}
	_, err = s.bans.Plan([]ban.Entry{i.entry(list.Item{Target: ban.TargetFor(netip.IPv4Unspecified())})}) // what the list cannot mend
	return i, fromStore(err)
}

// take takes what the list's reader yields.
func (i *imported) take(item list.Item, err error) error {
	if refusal, ok := errors.AsType[*list.Refusal](err); ok {
		i.refusals.add(refusal.Line, refusal.Text, refusal.Why)
		return nil
	}
	if err != nil {
		return err
	}
	if err := i.guardOne(item.Target, i.own); err != nil && !i.req.Force {
		i.refusals.add(item.Line, item.Target.String(), err.Error())
		return nil
	}
	i.batch = append(i.batch, item)
	return nil
}

// finish ends the sessions that are left and tells what was done. err is why that
// is not all, and the same is returned for the admin.
func (i *imported) finish(ctx context.Context, err error) error {
	r := &i.result
	switch {
	case r.DryRun:
		r.EndedSessions = i.live.Affected(i.keepsOut)
	case i.batches > 0:
		r.EndedSessions += i.live.Enforce(nil)
	}
	r.Refused, r.Reasons, r.Refusals = i.refusals.total, i.refusals.reasons(), i.refusals.sorted()
	args := []any{
		"format", r.Format, "by", i.req.By, "new", r.New, "extended", r.Extended, "known", r.Known, "refused", r.Refused,
		"ended_sessions", r.EndedSessions,
	}
	switch {
	case err != nil && !r.DryRun:
		i.opts.Log.WarnContext(ctx, "import of bans broken off", append(args, "up_to_line", i.done, "error", err)...)
	case !r.DryRun:
		i.opts.Log.InfoContext(ctx, "bans imported", args...)
	}
	if err != nil {
		return i.broken(err)
	}
	return nil
}

// keepsOut tells whom the bans of a dry run would end.
func (i *imported) keepsOut(addr netip.Addr) bool {
	_, allowed := i.bans.AllowedBy(addr)
	return !allowed && i.plan.hit.Contains(addr)
}

// broken is for an import that ends before its list does.
func (i *imported) broken(err error) error {
	so := "nothing of it is in force"
	if i.done > 0 && !i.req.DryRun {
		so = fmt.Sprintf("up to line %d it is in force, and importing it again makes the rest", i.done)
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return invalid("the list has more than %d bytes, which is too large; split it; %s", large.Limit, so)
	}
	return &Error{CodeInternal, fmt.Sprintf("the list broke off: %s; %s", err, so)}
}
