package pool

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

const testPatience = 3 * time.Second

var epoch = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func at(since time.Duration) time.Time { return epoch.Add(since) }

func newPool() *Pool { return New(Options{Patience: testPatience, AnyLanguage: true}) }

func newTicket(since time.Duration, interests ...string) *Ticket {
	parsed, err := ParseInterests(interests)
	if err != nil {
		panic(err)
	}
	return &Ticket{Session: ident.NewSession(), Mode: Video, Interests: parsed, Since: at(since)}
}

func speaking(t *Ticket, languages ...string) *Ticket {
	t.Languages = languages
	return t
}

// add adds a ticket that must wait.
func add(t *testing.T, p *Pool, tickets ...*Ticket) {
	t.Helper()
	for _, ticket := range tickets {
		if partner := p.Add(ticket, ticket.Since); partner != nil {
			t.Fatalf("%v was paired with %v at once", ticket.Interests, partner.Interests)
		}
	}
}

// expectPairs lets time pass until then and checks which pairs are made meanwhile.
func expectPairs(t *testing.T, p *Pool, then time.Duration, want ...[2]*Ticket) {
	t.Helper()
	var got [][2]*Ticket
	for {
		next, ok := p.Next()
		if !ok || next.After(at(then)) {
			break
		}
		for _, pair := range p.Expire(next) {
			got = append(got, [2]*Ticket{pair.A, pair.B})
		}
	}
	if !slices.EqualFunc(got, want, func(a, b [2]*Ticket) bool { return a == b || a == [2]*Ticket{b[1], b[0]} }) {
		t.Fatalf("pairs until %v: %v, want %v", then, names(got), names(want))
	}
}

func names(pairs [][2]*Ticket) (list []string) {
	for _, p := range pairs {
		list = append(list, fmt.Sprint(p[0].Interests, p[0].Since.Sub(epoch), "–", p[1].Interests, p[1].Since.Sub(epoch)))
	}
	return list
}

func TestMostInCommon(t *testing.T) {
	p := newPool()
	older, one, two := newTicket(0, "chess"), newTicket(time.Second, "jazz"), newTicket(2*time.Second, "rust", "go")
	add(t, p, older, one, two)
	if got := p.Add(newTicket(2500*time.Millisecond, "Go", "JAZZ", "Rust"), at(2500*time.Millisecond)); got != two {
		t.Errorf("got %v, want the ticket with two common interests", got)
	}
	if got := p.Add(newTicket(2600*time.Millisecond, "jazz"), at(2600*time.Millisecond)); got != one {
		t.Errorf("got %v, want the one left with jazz", got)
	}
	if p.Len() != 1 {
		t.Errorf("%d wait, want 1", p.Len())
	}
}

// An interest that few name is worth more than one that many do, however long its
// owner waits.
func TestRareBeforeCommon(t *testing.T) {
	p := newPool()
	for i := range 200 {
		a, b := newTicket(time.Duration(i)*time.Millisecond, "music"), newTicket(time.Duration(i)*time.Millisecond, "music")
		p.Add(a, a.Since)
		if p.Add(b, b.Since) == nil {
			t.Fatal("two with the same interest were not paired")
		}
	}
	common, rare := newTicket(time.Hour, "music"), newTicket(time.Hour+time.Second, "theremin")
	add(t, p, common, rare)
	if got := p.Add(newTicket(time.Hour+time.Second, "music", "theremin"), at(time.Hour+time.Second)); got != rare {
		t.Errorf("got %v, want the one with the rare interest", got)
	}
}

func TestOldestAfterPatience(t *testing.T) {
	p := newPool()
	a, b, c := newTicket(0, "a"), newTicket(time.Second, "b"), newTicket(2*time.Second, "c")
	add(t, p, a, b, c)
	expectPairs(t, p, testPatience-1)
	expectPairs(t, p, testPatience, [2]*Ticket{a, b})
	expectPairs(t, p, time.Minute)
	// c takes anybody now, so a newcomer without a common interest gets it.
	if got := p.Add(newTicket(time.Minute, "d"), at(time.Minute)); got != c {
		t.Errorf("got %v, want c", got)
	}
}

// On a busy site a ticket does not take the first partial match: it asks for what it can
// expect, less and less, and searches again by itself.
func TestAskFallsWithWait(t *testing.T) {
	p := newPool()
	random := rand.New(rand.NewPCG(9, 10))
	some := func() string { return fmt.Sprint(random.IntN(20)) }
	for i := range 3000 {
		ticket := newTicket(time.Duration(i)*50*time.Millisecond, some(), some(), some())
		p.Add(ticket, ticket.Since)
		p.Expire(ticket.Since)
	}
	const start = 160 * time.Second
	p.Expire(at(start))
	add(t, p, newTicket(start, "1", "2", "3"))
	if p.Add(newTicket(start+1, "3", "2", "1"), at(start+1)) == nil {
		t.Error("a full match was not taken at once")
	}
	if p.Len() > 1 {
		t.Fatalf("%d wait", p.Len())
	}
	a, b := newTicket(start+time.Second, "1", "2", "3"), newTicket(start+time.Second, "1", "4", "5")
	add(t, p, a, b)
	for {
		next, ok := p.Next()
		if !ok {
			t.Fatal("nothing is due although two wait")
		}
		pairs := p.Expire(next)
		if len(pairs) == 0 {
			continue
		}
		if waited := next.Sub(a.Since); waited < testPatience/4 || waited >= testPatience {
			t.Errorf("a partial match was made after %v, want some time before %v", waited, testPatience)
		}
		break
	}
}

// On a quiet site nobody better is likely to come.
func TestQuietSitePairsAtOnce(t *testing.T) {
	p := newPool()
	a := newTicket(0, "chess", "jazz", "rust")
	add(t, p, a)
	if got := p.Add(newTicket(2*time.Second, "chess", "opera"), at(2*time.Second)); got != a {
		t.Errorf("got %v, want the only one there", got)
	}
}

func TestWithoutInterestsPairsAtOnce(t *testing.T) {
	p := newPool()
	a := newTicket(0)
	add(t, p, a)
	if got := p.Add(newTicket(1, "chess"), at(1)); got != a {
		t.Errorf("got %v, want the ticket that takes anybody", got)
	}
	b := newTicket(2, "chess")
	add(t, p, b)
	if got := p.Add(newTicket(3), at(3)); got != b {
		t.Errorf("a newcomer that takes anybody got %v, want the oldest", got)
	}
}

func TestModesStayApart(t *testing.T) {
	p := newPool()
	text := newTicket(0)
	text.Mode = Text
	add(t, p, text, newTicket(0))
	expectPairs(t, p, time.Hour)
}

func TestLanguages(t *testing.T) {
	for _, test := range []struct {
		name   string
		a, b   []string
		atOnce bool
		later  bool // when the patience of both has ended
	}{
		{"the same", []string{"en"}, []string{"en"}, true, true},
		{"one of several", []string{"de", "en"}, []string{"fr", "en"}, true, true},
		{"none in common", []string{"de"}, []string{"fr", "en"}, false, true},
		{"the second names none", []string{"de"}, nil, false, true},
		{"the first names none", nil, []string{"de"}, true, true},
		{"neither names any", nil, nil, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, any := range []bool{true, false} {
				p := New(Options{Patience: testPatience, AnyLanguage: any})
				a, b := speaking(newTicket(0, "x"), test.a...), speaking(newTicket(time.Second, "x"), test.b...)
				add(t, p, a)
				if got := p.Add(b, b.Since) != nil; got != test.atOnce {
					t.Fatalf("paired at once: %v, want %v", got, test.atOnce)
				}
				if test.atOnce {
					continue
				}
				oneNone := len(test.a) == 0 || len(test.b) == 0
				switch {
				case oneNone: // whoever names a language sees who names none
					expectPairs(t, p, testPatience, [2]*Ticket{a, b})
				case any:
					expectPairs(t, p, testPatience+time.Second-1)
					expectPairs(t, p, testPatience+time.Second+testPatience/64, [2]*Ticket{b, a})
				default:
					expectPairs(t, p, time.Hour)
				}
			}
		})
	}
}

func TestRecentPartnersOnlyIfNobodyElse(t *testing.T) {
	p := newPool()
	a, b := newTicket(0, "x"), newTicket(1, "x")
	a.Recent, b.Recent = []ident.Session{ident.NewSession(), b.Session}, []ident.Session{a.Session}
	add(t, p, a, b)
	c := newTicket(2, "x")
	if got := p.Add(c, c.Since); got != a {
		t.Fatalf("got %v, want a, the oldest", got)
	}
	a2 := newTicket(3)
	a2.Session, a2.Recent = a.Session, []ident.Session{b.Session}
	add(t, p, a2)
	expectPairs(t, p, testPatience-1)
	expectPairs(t, p, testPatience+testPatience/64, [2]*Ticket{a2, b})
}

func TestAvoidedNeverMeet(t *testing.T) {
	for _, side := range []int{0, 1} {
		p := newPool()
		pair := []*Ticket{newTicket(0), newTicket(1)}
		pair[side].Avoid = []ident.Session{pair[1-side].Session}
		add(t, p, pair...)
		expectPairs(t, p, time.Hour)
	}
}

func TestReturnKeepsAge(t *testing.T) {
	p := newPool()
	a, b := newTicket(0, "x"), newTicket(1, "x")
	a.Recent = []ident.Session{b.Session}
	add(t, p, a, b)
	p.Remove(a, at(1))
	p.Remove(a, at(1))
	if p.Return(a, at(2)) != nil {
		t.Fatal("a was paired with its last partner")
	}
	if got := p.Add(newTicket(3, "x"), at(3)); got != a {
		t.Error("a ticket that came back lost its place in line")
	}
}

// However many wait, a search looks at no more than so many of them.
func TestSearchIsBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	p := newPool()
	popular := []string{"music", "films", "games", "sport", "travel", "food"}
	var nobody ident.Session
	arrive := func(i int) {
		ticket := newTicket(time.Duration(i)*time.Microsecond, popular[random.IntN(6)], popular[random.IntN(6)], fmt.Sprint("own ", random.IntN(5000)))
		ticket.Languages = []string{"en", "de"}
		ticket.Session = nobody // who meets nobody: each search looks as far as it may
		p.Add(ticket, ticket.Since)
	}
	const n = 20_000
	for i := range n {
		arrive(i)
	}
	if p.Len() != n {
		t.Fatalf("%d wait, want %d", p.Len(), n)
	}
	p.Expire(at(testPatience)) // everybody searches, patience ended
	const most = maxVisits + 2*(maxLanguages+1)*maxOldest + 2*maxOldest
	if p.visits > most || p.visits < maxVisits {
		t.Errorf("a search looked at %d tickets, want at most %d", p.visits, most)
	}
	t.Logf("figure: %d tickets looked at, at most", p.visits)
}

// An arrival allocates no more than 1 KiB, its ticket included, with as many interests and
// languages as most have.
func TestArrivalTakesLittleMemory(t *testing.T) {
	p := newPool()
	random := rand.New(rand.NewPCG(5, 6))
	list := make([][]Interest, 1000)
	for i := range list {
		list[i], _ = ParseInterests([]string{fmt.Sprint(random.IntN(50)), fmt.Sprint(random.IntN(500)), fmt.Sprint(random.IntN(5000))})
	}
	tongues := []string{"en", "de"}
	arrive := func(i int) {
		ticket := &Ticket{Session: ident.NewSession(), Mode: Video, Languages: tongues, Interests: list[i%1000], Since: at(time.Duration(i) * time.Millisecond)}
		p.Add(ticket, ticket.Since)
		p.Expire(ticket.Since)
	}
	const n = 20_000
	for i := range n {
		arrive(i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range n {
		arrive(n + i)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / n; each > 1024 {
		t.Errorf("%d bytes an arrival, want at most 1024", each)
	}
}

// The same calls give the same pairs.
func TestDeterministic(t *testing.T) {
	play := func() (pairs []string) {
		p := newPool()
		random := rand.New(rand.NewPCG(7, 8))
		for i := range 5000 {
			ticket := newTicket(time.Duration(i)*20*time.Millisecond, fmt.Sprint(random.IntN(30)), fmt.Sprint(random.IntN(300)))
			ticket.Session = ident.Session{byte(i), byte(i >> 8)}
			if partner := p.Add(ticket, ticket.Since); partner != nil {
				pairs = append(pairs, fmt.Sprint(ticket.Session, partner.Session))
			}
			for _, pair := range p.Expire(ticket.Since) {
				pairs = append(pairs, fmt.Sprint(pair.A.Session, pair.B.Session))
			}
		}
		return pairs
	}
	one, two := play(), play()
	if len(one) < 2000 || !slices.Equal(one, two) {
		t.Errorf("%d and %d pairs, not the same", len(one), len(two))
	}
}

func TestParseLanguages(t *testing.T) {
	for _, test := range []struct {
		in   []string
		want []string
		bad  bool
	}{
		{nil, nil, false},
		{[]string{"en-US", "en", "de-AT", "zh-Hant-TW"}, []string{"en", "de", "zh"}, false},
		{[]string{"und", "x-klingon", "xx"}, nil, false},
		{[]string{"en", "english please"}, nil, true},
		{[]string{"en", "de", "fr", "es", "it", "pt", "ja"}, []string{"en", "de", "fr", "es", "it"}, false},
	} {
		got, err := ParseLanguages(test.in)
		if !slices.Equal(got, test.want) || (err != nil) != test.bad {
			t.Errorf("ParseLanguages(%q) = %q, %v; want %q", test.in, got, err, test.want)
		}
	}
}

// Of two who are worth the same the one of the same relay is taken, but not before one who has
// waited for half of the patience, nor before one who is worth more.
func TestSameRelay(t *testing.T) {
	at := func(relay uint64, ticket *Ticket) *Ticket {
		ticket.Relay = relay
		return ticket
	}
	for name, test := range map[string]struct {
		far, near *Ticket
		came      time.Duration // who finds
		want      int
	}{
		"the near one":    {newTicket(0, "x"), newTicket(time.Millisecond, "y"), 2 * time.Millisecond, 1},
		"the patient one": {newTicket(0, "x"), newTicket(time.Millisecond, "y"), testPatience / 2, 0},
		"the closer one":  {newTicket(0, "rare"), newTicket(time.Millisecond, "y"), 2 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool()
			add(t, p, at(1, test.far), at(2, test.near))
			c := at(2, newTicket(test.came))
			if test.far.Interests[0].Shown == "rare" {
				c = at(2, newTicket(test.came, "rare"))
			}
			got := p.Add(c, c.Since)
			if want := [2]*Ticket{test.far, test.near}[test.want]; got != want {
				t.Errorf("it got %v, want %v", got, want)
			}
		})
	}
}
