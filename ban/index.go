package ban

import (
	"net/netip"
	"time"

	"github.com/gaissmai/bart"
)

// entry is what the index knows of a ban. It holds no pointer, so that a million
// of them cost the garbage collector nothing.
type entry struct {
	until  int64 // Unix milliseconds; 0: permanent
	id     ID
	reason uint32 // in reasons
	key    uint8  // that made the tag
	of     origin // of the tag
	by     Decider
}

// Verdict is a ban as far as a banned visitor is told.
type Verdict struct {
	ID     ID
	Scope  Scope
	Reason string
	Until  time.Time // zero: permanent
	By     Decider
}

// Permanent reports whether v has no end.
func (v Verdict) Permanent() bool { return v.Until.IsZero() }

func (e entry) activeAt(now int64) bool { return e.until == 0 || now < e.until }

// outlasts reports whether e ends after other does.
func (e entry) outlasts(other entry) bool {
	if e.until == 0 || other.until == 0 {
		return e.until == 0 && other.until != 0
	}
	return e.until > other.until
}

// set holds the bans of one scope.
type set struct {
	tags     map[tag]entry
	prefixes bart.Table[entry]
}

// index holds every ban that has not been ended. Expired ones stay until they
// are swept and are skipped. The caller locks.
type index struct {
	sets    [len(scopes)]set
	allowed bart.Lite
	reasons reasons
	ring    ring
	tagged  [maxKeys + 1][origins]int // bans by the key of their tag and its origin
	total   int
}

func newIndex(ring ring, size int) *index {
	x := &index{ring: ring, reasons: newReasons()}
	for n := range x.sets {
		x.sets[n].tags = make(map[tag]entry, size)
		size = 0 // bans of other scopes than all are rare
	}
	return x
}

// find returns the ban of a scope on exactly this rule.
func (x *index) find(scope uint8, r rule) (entry, bool) {
	if r.prefix.IsValid() {
		return x.sets[scope].prefixes.Get(r.prefix)
	}
	e, ok := x.sets[scope].tags[r.tag]
	return e, ok
}

// insert adds a ban whose rule has none in its scope.
func (x *index) insert(h head) {
	e := entry{until: h.until, id: h.id, reason: x.reasons.take(h.reason), key: h.rule.key, of: h.of, by: h.by}
	if h.rule.prefix.IsValid() {
		x.sets[h.scope].prefixes.Insert(h.rule.prefix, e)
	} else {
		x.sets[h.scope].tags[h.rule.tag] = e
		x.tagged[e.key][e.of]++
	}
	x.total++
}

// remove takes the ban on the rule out, if it is the one with this ID.
func (x *index) remove(id ID, scope uint8, r rule) {
	e, ok := x.find(scope, r)
	if !ok || e.id != id {
		return
	}
	if r.prefix.IsValid() {
		x.sets[scope].prefixes.Delete(r.prefix)
	} else {
		delete(x.sets[scope].tags, r.tag)
		x.tagged[e.key][e.of]--
	}
	x.reasons.release(e.reason)
	x.total--
}

// match returns the ban in the way of a use that lasts longest. addr is plain and
// valid.
func (x *index) match(addr netip.Addr, use Use, now time.Time) (v Verdict, banned bool) {
	if x.total == 0 || x.allowed.Contains(addr) {
		return Verdict{}, false
	}
	best, scope := x.longest(addr, use, now.UnixMilli())
	if best.id == 0 {
		return Verdict{}, false
	}
	return Verdict{ID: best.id, Scope: scopes[scope], Reason: x.reasons.text(best.reason), Until: untilTime(best.until), By: best.by}, true
}

func (x *index) longest(addr netip.Addr, use Use, now int64) (best entry, scope int) {
	longer := func(e entry, of int) {
		if e.activeAt(now) && (best.id == 0 || e.outlasts(best)) {
			best, scope = e, of
		}
	}
	x.eachPrefix(addr, use, longer)
	if best.id == 0 || best.until != 0 { // nothing outlasts a permanent ban: no HMAC
		x.eachTag(addr, use, longer)
	}
	return best, scope
}

// banned reports whether some ban on addr is in the way of a use. It asks the
// prefixes first, which takes no HMAC. addr is plain and valid.
func (x *index) banned(addr netip.Addr, use Use, now time.Time) (banned bool) {
	if x.total == 0 || x.allowed.Contains(addr) {
		return false
	}
	millis := now.UnixMilli()
	if banned = x.inPrefix(addr, use, millis); !banned {
		x.eachTag(addr, use, func(e entry, _ int) { banned = banned || e.activeAt(millis) })
	}
	return banned
}

// each calls visit for every ban on addr that is in the way of a use, with the
// number of its scope, active or not.
func (x *index) each(addr netip.Addr, use Use, visit func(e entry, scope int)) {
	x.eachTag(addr, use, visit)
	x.eachPrefix(addr, use, visit)
}

func (x *index) eachTag(addr netip.Addr, use Use, visit func(e entry, scope int)) {
	sets := x.sets[:use+1]
	for _, number := range x.ring.numbers {
		n, tagger, family := &x.tagged[number], x.ring.taggers[number], ofIPv4
		if addr.Is6() {
			family = ofIPv6
			if n[ofNet64] > 0 {
				eachTagged(sets, tagger.net64(addr), visit)
			}
		}
		if n[family] > 0 || n[ofSingle] > 0 {
			eachTagged(sets, tagger.address(addr), visit)
		}
	}
}

func eachTagged(sets []set, t tag, visit func(e entry, scope int)) {
	for n := range sets {
		if e, ok := sets[n].tags[t]; ok {
			visit(e, n)
		}
	}
}

// eachPrefix walks from the longest prefix around addr to the shortest. A second
// look-up in what the first has brought into the caches costs little, and nearly
// always there is no second.
func (x *index) eachPrefix(addr netip.Addr, use Use, visit func(e entry, scope int)) {
	for n := range x.sets[:use+1] {
		prefixes := &x.sets[n].prefixes
		around := netip.PrefixFrom(addr, addr.BitLen())
		for prefixes.Size() > 0 {
			found, e, ok := prefixes.LookupPrefixLPM(around)
			if !ok {
				break
			}
			visit(e, n)
			if found.Bits() == 0 {
				break
			}
			around = netip.PrefixFrom(found.Addr(), found.Bits()-1).Masked()
		}
	}
}

// inPrefix reports whether an active prefix lies around addr.
func (x *index) inPrefix(addr netip.Addr, use Use, now int64) (banned bool) {
	for n := range x.sets[:use+1] {
		e, ok := x.sets[n].prefixes.Lookup(addr)
		if ok && e.activeAt(now) {
			return true
		}
		banned = banned || ok // by a shorter one, perhaps
	}
	if banned {
		banned = false
		x.eachPrefix(addr, use, func(e entry, _ int) { banned = banned || e.activeAt(now) })
	}
	return banned
}
