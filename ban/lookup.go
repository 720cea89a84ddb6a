package ban

import (
	"cmp"
	"time"
)

// Lookup reports whether an active ban of a scope is on exactly this target,
// whatever bans are around it, and when it ends; never is the zero time. An empty
// scope stands for ScopeAll. It allocates nothing and never waits for the disk.
func (s *Store) Lookup(t Target, scope Scope) (until time.Time, banned bool) {
	number, known := scopeNumbers[cmp.Or(scope, ScopeAll)]
	if !known || !t.IsValid() {
		return time.Time{}, false
	}
	now := s.now().UnixMilli()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t.pseudonym.IsValid() {
		return s.idx.standing(number, rule{tag: t.pseudonym.tag, key: t.pseudonym.key}, now)
	}
	if t.Kind() == KindPrefix {
		return s.idx.standing(number, rule{prefix: t.prefix}, now)
	}
	for _, key := range s.idx.ring.numbers {
		r := rule{tag: s.idx.ring.taggers[key].target(t), key: key}
		if until, banned := s.idx.standing(number, r, now); banned {
			return until, true
		}
	}
	return time.Time{}, false
}

// standing is about one rule.
func (x *index) standing(scope uint8, r rule, now int64) (until time.Time, banned bool) {
	e, found := x.find(scope, r)
	if !found || !e.activeAt(now) {
		return time.Time{}, false
	}
	return untilTime(e.until), true
}
