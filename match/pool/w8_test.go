package pool

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Trial W8: a million random operations against a model of what must always hold.
func TestW8PoolRandomOperations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "c", "d", "e", "f"}
	tongues := []string{"en", "de", "fr"}
	p := newPool()
	sessions := make([]ident.Session, 60)
	for i := range sessions {
		sessions[i] = ident.NewSession()
	}
	some := func() (list []ident.Session) {
		for range random.IntN(3) {
			list = append(list, sessions[random.IntN(len(sessions))])
		}
		return list
	}
	waiting := make(map[ident.Session]*Ticket)
	absent := make(map[ident.Session]*Ticket) // lost their sockets while they waited
	now := epoch
	pairs, violations := 0, 0
	check := func(ok bool, rule string) {
		if !ok {
			violations++
			t.Errorf("violated: %s", rule)
		}
	}
	pair := func(a, b *Ticket) {
		pairs++
		overdue := func(t *Ticket) bool { return now.Sub(t.Since) >= testPatience }
		check(a.Session != b.Session, "nobody meets itself")
		check(waiting[a.Session] == a && waiting[b.Session] == b, "only who waits is paired, and once")
		check(a.Mode == b.Mode, "modes are kept apart")
		check(!slices.Contains(a.Avoid, b.Session) && !slices.Contains(b.Avoid, a.Session), "the avoided never meet")
		shared := len(a.Languages) == 0 || len(b.Languages) == 0
		for _, l := range a.Languages {
			shared = shared || slices.Contains(b.Languages, l)
		}
		check(shared || overdue(a) && overdue(b), "languages are kept apart while patience lasts")
		recent := slices.Contains(a.Recent, b.Session) || slices.Contains(b.Recent, a.Session)
		check(!recent || overdue(a) || overdue(b), "recent partners are kept apart while patience lasts")
		delete(waiting, a.Session)
		delete(waiting, b.Session)
	}
	const operations = 1_000_000
	for range operations {
		now = now.Add(time.Duration(random.IntN(100)) * time.Millisecond)
		s := sessions[random.IntN(len(sessions))]
		switch w, a := waiting[s], absent[s]; {
		case a != nil:
			delete(absent, s)
			waiting[s] = a
			if partner := p.Return(a, now); partner != nil {
				pair(a, partner)
			}
		case w != nil && random.IntN(3) == 0:
			p.Remove(w, now)
			delete(waiting, s)
			if random.IntN(2) == 0 {
				absent[s] = w
			}
		case w == nil:
			ticket := &Ticket{Session: s, Mode: []Mode{Video, Text}[random.IntN(2)], Since: now, Recent: some(), Avoid: some()}
			for _, name := range names {
				if random.IntN(4) == 0 {
					ticket.Interests = append(ticket.Interests, Interest{name, name})
				}
			}
			for _, tongue := range tongues {
				if random.IntN(3) == 0 {
					ticket.Languages = append(ticket.Languages, tongue)
				}
			}
			waiting[s] = ticket
			if partner := p.Add(ticket, now); partner != nil {
				pair(ticket, partner)
			}
		}
		if next, ok := p.Next(); ok && !next.After(now) {
			for _, made := range p.Expire(now) {
				pair(made.A, made.B)
			}
		}
		if p.Len() != len(waiting) {
			t.Fatalf("%d tickets in the pool, want %d", p.Len(), len(waiting))
		}
		if violations > 10 {
			t.FailNow()
		}
	}
	for _, w := range waiting {
		p.Remove(w, now)
	}
	checkEmpty(t, p)
	if pairs < operations/10 {
		t.Errorf("only %d pairs were made", pairs)
	}
	t.Logf("figure: %d operations, %d pairs, %d violations", operations, pairs, violations)
}

// checkEmpty checks that nothing is left of those who were in the pool.
func checkEmpty(t *testing.T, p *Pool) {
	t.Helper()
	if p.Len() != 0 || len(p.entries) != 0 {
		t.Errorf("%d tickets and %d interests are left", p.Len(), len(p.entries))
	}
	if _, ok := p.wheel.next(); ok {
		t.Error("somebody is left in the wheel")
	}
	for key, g := range p.gates {
		if len(g.byInterest) != 0 || g.all.len != 0 || g.open.len != 0 || len(g.all.slots) != 0 || len(g.open.slots) != 0 {
			t.Errorf("gate %v is not empty", key)
		}
	}
	for mode, q := range p.relaxed {
		if q.len != 0 || len(q.slots) != 0 {
			t.Errorf("somebody of %s is left whose patience has ended", mode)
		}
	}
}
