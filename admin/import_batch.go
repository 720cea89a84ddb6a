package admin

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
	"github.com/joingyd/joingyd/moderate"
)

const (
	// importMargin is how long a ban must last when its turn comes. The store takes
	// no ban that has ended, and refuses all those with it.
	importMargin = 2 * time.Second
	// importSlack is how much sooner a ban may end and still count as known. Some
	// lists say how long bans go on from the moment when they were written: read a
	// little later, or again, all of those would seem to last longer.
	importSlack = time.Minute
)

// banKey is what there is one ban on. It holds no pointer: a dry run keeps one for
// each line.
type banKey struct {
	addr  [16]byte
	bits  uint8 // of the 128; no prefix of a ban is IPv4-mapped
	scope uint8 // its place in ban.Scopes
}

func keyOf(t ban.Target, scope ban.Scope) banKey {
	prefix := t.Prefix()
	bits := prefix.Bits() + 128 - prefix.Addr().BitLen()
	return banKey{prefix.Addr().As16(), uint8(bits), uint8(slices.Index(ban.Scopes(), scope))}
}

// importPlan is what a dry run would have made so far.
type importPlan struct {
	ends map[banKey]int64 // Unix seconds; 0: never
	hit  ban.Set          // by bans on everything
}

func (p *importPlan) add(e ban.Entry) {
	end := int64(0)
	if !e.Until.IsZero() {
		end = e.Until.Unix()
	}
	p.ends[keyOf(e.Target, e.Scope)] = end
	if e.Scope == ban.ScopeAll {
		p.hit.Add(e.Target)
	}
}

// importedBatch is what one transaction makes of some items.
type importedBatch struct {
	entries []ban.Entry
	at      map[banKey]int // in entries
	adds    ImportResult   // what it adds to the counts
}

// flush makes the bans of the batch, all or none of them, and counts them.
func (i *imported) flush() error {
	b := &importedBatch{at: make(map[banKey]int, len(i.batch))}
	soon := i.opts.Now().Add(importMargin)
	for _, item := range i.batch {
		e := i.entry(item)
		if !e.Until.IsZero() && e.Until.Before(soon) {
			i.refusals.add(item.Line, e.Target.String(), "it has ended by now; delete it, or give it a later end")
			continue
		}
		i.sort(b, e, item)
	}
	if err := i.make(b.entries); err != nil {
		return err
	}
	r := &i.result
	r.New, r.Extended, r.Known = r.New+b.adds.New, r.Extended+b.adds.Extended, r.Known+b.adds.Known
	r.Permanent, r.NoEnd, r.Allowed = r.Permanent+b.adds.Permanent, r.NoEnd+b.adds.NoEnd, r.Allowed+b.adds.Allowed
	if len(i.batch) > 0 {
		i.done = i.batch[len(i.batch)-1].Line
	}
	i.batch = i.batch[:0]
	return nil
}

// make puts entries into the store, or into the plan of a dry run.
func (i *imported) make(entries []ban.Entry) error {
	if i.req.DryRun {
		for _, e := range entries {
			i.plan.add(e)
		}
		return nil
	}
	if len(entries) == 0 {
		return nil
	}
	made, err := i.bans.AddAll(entries)
	if err != nil {
		return err
	}
	i.tally(func(m *moderate.Totals) { m.Bans[moderate.MakerImport] += len(made.Bans) })
	if i.batches++; i.batches == enforceEvery {
		i.batches = 0
		i.result.EndedSessions += i.live.Enforce(nil)
	}
	return nil
}

// entry is the ban that an item asks for. It ends on a whole second, never sooner
// than the list says.
func (i *imported) entry(item list.Item) ban.Entry {
	until := i.until
	switch {
	case item.Permanent:
		until = time.Time{}
	case !item.Until.IsZero():
		until = wholeSecond(item.Until)
	}
	note := i.note
	if item.Source != "" {
		note += ": " + item.Source
	}
	return ban.Entry{
		Target: item.Target, Scope: cmp.Or(item.Scope, i.req.Scope, ban.ScopeAll), KeepAddress: i.req.KeepAddress, Imported: true,
		Reason: cmp.Or(item.Reason, i.req.Reason), Note: note, By: i.req.By, Until: until,
	}
}

// sort says whether e is known, and adds it to the batch if not.
func (i *imported) sort(b *importedBatch, e ban.Entry, item list.Item) {
	extends := false
	for _, scope := range ban.Scopes() {
		until, there := i.standing(b, e.Target, scope)
		if there && lastsAsLong(until, e.Until) {
			b.adds.Known++
			return
		}
		if scope == e.Scope {
			extends = there
			break // the others are in the way of less
		}
	}
	if extends {
		b.adds.Extended++
	} else {
		b.adds.New++
	}
	if e.Until.IsZero() {
		b.adds.Permanent++
	}
	if item.Until.IsZero() && !item.Permanent {
		b.adds.NoEnd++
	}
	if i.allowedAll(e.Target.Prefix()) {
		b.adds.Allowed++
	}
	b.add(e)
}

// allowedAll reports whether the allowlist lets all of a prefix in.
func (i *imported) allowedAll(prefix netip.Prefix) bool {
	around, allowed := i.bans.AllowedBy(prefix.Addr())
	return allowed && around.Bits() <= prefix.Bits()
}

// add puts e into the batch, in place of one on the same target.
func (b *importedBatch) add(e ban.Entry) {
	key := keyOf(e.Target, e.Scope)
	if at, twice := b.at[key]; twice {
		b.entries[at] = e
		return
	}
	b.at[key] = len(b.entries)
	b.entries = append(b.entries, e)
}

// standing returns the end of the ban that is on exactly this target when all that
// was read before is carried out.
func (i *imported) standing(b *importedBatch, t ban.Target, scope ban.Scope) (until time.Time, there bool) {
	key := keyOf(t, scope)
	if at, found := b.at[key]; found {
		return b.entries[at].Until, true
	}
	switch end, planned := i.plan.ends[key]; {
	case planned && end == 0:
		return time.Time{}, true
	case planned:
		return time.Unix(end, 0), true
	}
	return i.bans.Lookup(t, scope)
}

// wholeSecond rounds an end up; zero is never.
func wholeSecond(end time.Time) time.Time {
	if end.IsZero() {
		return end
	}
	return end.Add(time.Second - 1).Truncate(time.Second)
}

// lastsAsLong reports whether what ends at a lasts as long as what ends at b, as far
// as lists can tell; zero is never.
func lastsAsLong(a, b time.Time) bool {
	return a.IsZero() || !b.IsZero() && !b.After(a.Add(importSlack))
}
