package ban

import (
	"net/netip"
	"time"

	"github.com/gaissmai/bart"
)

// record is a ban with what the store keeps beside it.
type record struct {
	Ban Ban `json:"ban"`
	Tag tag `json:"tag,omitzero"` // of a hashed ban; zero of a KindPrefix
}

// rule is what a ban is put on, as far as the store knows it. It is comparable:
// two bans on the same target have the same rule.
type rule struct {
	tag    tag
	prefix netip.Prefix
}

func (r *record) rule() rule { return rule{tag: r.Tag, prefix: r.Ban.Prefix} }

// index holds every ban that has not been ended. Expired ones stay until they
// are swept and are skipped. Records are never changed, only replaced. The
// caller locks.
type index struct {
	byID     map[string]*record
	tags     map[tag]*record
	prefixes bart.Table[*record]
	earliest time.Time // no ban expires before; zero: none does
}

func newIndex() *index {
	return &index{byID: map[string]*record{}, tags: map[tag]*record{}}
}

// find returns the ban with exactly this rule, or nil.
func (x *index) find(r rule) *record {
	if r.prefix.IsValid() {
		found, _ := x.prefixes.Get(r.prefix)
		return found
	}
	return x.tags[r.tag]
}

func (x *index) insert(r *record) {
	x.byID[r.Ban.ID] = r
	if r.Ban.Kind == KindPrefix {
		x.prefixes.Insert(r.Ban.Prefix, r)
	} else {
		x.tags[r.Tag] = r
	}
	if until := r.Ban.Until; !until.IsZero() && (x.earliest.IsZero() || until.Before(x.earliest)) {
		x.earliest = until
	}
}

func (x *index) remove(r *record) {
	delete(x.byID, r.Ban.ID)
	if r.Ban.Kind == KindPrefix {
		x.prefixes.Delete(r.Ban.Prefix)
	} else {
		delete(x.tags, r.Tag)
	}
}

// expired returns the bans that are over but still indexed.
func (x *index) expired(now time.Time) (over []*record) {
	if x.earliest.IsZero() || now.Before(x.earliest) {
		return nil
	}
	for _, r := range x.byID {
		if !r.Ban.activeAt(now) {
			over = append(over, r)
		}
	}
	return over
}

// refreshEarliest is for after a sweep.
func (x *index) refreshEarliest() {
	x.earliest = time.Time{}
	for _, r := range x.byID {
		if until := r.Ban.Until; !until.IsZero() && (x.earliest.IsZero() || until.Before(x.earliest)) {
			x.earliest = until
		}
	}
}

// match returns the active ban on addr that lasts longest, or nil. addr is
// plain and valid.
func (x *index) match(addr netip.Addr, tags *tagger, now time.Time) *record {
	var best *record
	consider := func(r *record) {
		if r != nil && r.Ban.activeAt(now) && (best == nil || r.Ban.outlasts(&best.Ban)) {
			best = r
		}
	}
	if len(x.tags) > 0 {
		consider(x.tags[tags.address(addr)])
		if addr.Is6() {
			consider(x.tags[tags.net64(addr)])
		}
	}
	// The narrowest prefix first, then whatever lies around it.
	for bits := addr.BitLen(); bits >= 0; {
		around, r, ok := x.prefixes.LookupPrefixLPM(netip.PrefixFrom(addr, bits).Masked())
		if !ok {
			break
		}
		consider(r)
		bits = around.Bits() - 1
	}
	return best
}
