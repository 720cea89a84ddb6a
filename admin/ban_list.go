package admin

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// BansRequest asks for active bans. What is empty leaves none out.
type BansRequest struct {
	Scope      ban.Scope
	Kind       ban.Kind
	By         string // who made it; with a colon at its end whoever begins so, such as auto:
	Reason     string // is in its reason, in capitals or not
	Report     string // that led to it
	Permanent  *bool  // false: only those that end
	EndsWithin string // such as 24h or 7d
	ID         string // its id begins so
	Shown      bool   // only those of which it is known what they are on
	Target     string // that begins so

	Sort    BanSort // empty: SortCreated
	Reverse bool
	Limit   int // at most so many, up to MaxListed with Offset; 0: all
	Offset  int // leave out so many; only with a limit
}

// MaxListed is how far into a sorted list the daemon looks. All there is, past
// that too, comes without a limit.
const MaxListed = 100_000

// BanSort is an order of bans. Of equals the oldest comes first.
type BanSort string

// The orders.
const (
	SortCreated BanSort = "created" // the oldest first
	SortEnds    BanSort = "ends"    // what ends first first, permanent bans last
	SortBy      BanSort = "by"      // by who made it
)

// BanSorts lists every order.
func BanSorts() []BanSort { return []BanSort{SortCreated, SortEnds, SortBy} }

// BanList is the bans that were asked for.
type BanList struct {
	Bans   []ban.Ban `json:"bans"`
	Total  int       `json:"total"`  // how many match, without the limit
	Active int       `json:"active"` // how many there are
}

// Validate is as that of BanRequest.
func (r BansRequest) Validate() error {
	if err := validateScope(r.Scope); err != nil {
		return err
	}
	switch {
	case r.Kind != "" && !slices.Contains(kinds, r.Kind):
		return invalid("%s is not a kind of ban; write address, net64 or prefix", quote(string(r.Kind)))
	case r.Sort != "" && !slices.Contains(BanSorts(), r.Sort):
		return invalid("%s is not an order; write created, ends or by", quote(string(r.Sort)))
	case r.Limit < 0 || r.Offset < 0 || r.Limit > MaxListed || r.Offset > MaxListed-r.Limit:
		return invalid("limit and offset are %d and %d; write numbers whose sum is at most %d, or limit 0 for all", r.Limit, r.Offset, MaxListed)
	case r.Limit == 0 && r.Offset > 0:
		return invalid("an offset goes with a limit; add one, or leave out the offset")
	case r.EndsWithin == "":
		return nil
	}
	_, err := parseFor(r.EndsWithin)
	return err
}

// Bans lists active bans. With a limit it keeps no more of them at a time than
// twice limit and offset.
func (s *Service) Bans(ctx context.Context, req BansRequest) (list BanList, err error) {
	if err := req.Validate(); err != nil {
		return BanList{}, err
	}
	first := shortlist[ban.Ban]{n: req.Limit + req.Offset, order: req.order()}
	simple := req.unfiltered() && req.asMade()
	for b, err := range s.matching(ctx, req, &list) {
		if err != nil {
			return BanList{}, fromStore(err)
		}
		first.add(b)
		if simple && len(first.kept) == first.n { // nothing that follows comes before
			list.Active = s.bans.Len()
			list.Total = list.Active
			break
		}
	}
	list.Bans = first.from(req.Offset)
	return list, nil
}

// matching returns the bans that the request wants, in the order of their creation
// or, if those are wanted first, the newest first. It counts in list.
func (s *Service) matching(ctx context.Context, req BansRequest, list *BanList) iter.Seq2[ban.Ban, error] {
	return func(yield func(ban.Ban, error) bool) {
		wanted, bans := req.filter(s.opts.Now()), s.bans.Active()
		if req.asMade() && req.Reverse {
			bans = s.bans.Latest()
		}
		for b, err := range bans {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(ban.Ban{}, err)
				return
			}
			list.Active++
			if !wanted(&b) {
				continue
			}
			list.Total++
			if !yield(b, nil) {
				return
			}
		}
	}
}

// filter returns what tells whether a ban is wanted. The request is valid.
func (r BansRequest) filter(now time.Time) func(*ban.Ban) bool {
	reason := strings.ToLower(r.Reason)
	var before time.Time
	if d, err := parseFor(r.EndsWithin); err == nil {
		before = now.Add(d)
	}
	return func(b *ban.Ban) bool {
		return (r.Scope == "" || b.Scope == r.Scope) &&
			(r.Kind == "" || b.Kind == r.Kind) &&
			(r.By == "" || isBy(b.By, r.By)) &&
			(r.Report == "" || b.Report == r.Report) &&
			(r.Permanent == nil || b.Permanent() == *r.Permanent) &&
			(before.IsZero() || !b.Permanent() && !b.Until.After(before)) &&
			(r.ID == "" || strings.HasPrefix(b.ID.String(), r.ID)) &&
			(!r.Shown || shown(b) != "") &&
			(r.Target == "" || strings.HasPrefix(shown(b), r.Target)) &&
			(reason == "" || strings.Contains(strings.ToLower(b.Reason), reason))
	}
}

// isBy reports whether name is who is asked for.
func isBy(name, asked string) bool {
	return name == asked || strings.HasSuffix(asked, ":") && strings.HasPrefix(name, asked)
}

// shown is what a ban is on, as far as the store knows.
func shown(b *ban.Ban) string {
	if b.Address == "" && b.Prefix.IsValid() {
		return b.Prefix.String()
	}
	return b.Address
}

func (r BansRequest) unfiltered() bool {
	r.Sort, r.Reverse, r.Limit, r.Offset = "", false, 0, 0
	return r == BansRequest{}
}

// asMade reports whether the order is that in which bans are kept, or its reverse.
func (r BansRequest) asMade() bool { return r.Sort == "" || r.Sort == SortCreated }

// order returns how the request wants bans compared.
func (r BansRequest) order() func(a, b ban.Ban) int {
	order := map[BanSort]func(a, b ban.Ban) int{SortEnds: byEnd, SortBy: byWho}[r.Sort]
	return func(a, b ban.Ban) (c int) {
		if order != nil {
			c = order(a, b)
		}
		if c = cmp.Or(c, cmp.Compare(a.ID, b.ID)); r.Reverse { // bans are numbered as they are made
			return -c
		}
		return c
	}
}

func byEnd(a, b ban.Ban) int {
	if a.Permanent() == b.Permanent() {
		return a.Until.Compare(b.Until)
	}
	if a.Permanent() {
		return 1
	}
	return -1
}

func byWho(a, b ban.Ban) int { return strings.Compare(a.By, b.By) }
