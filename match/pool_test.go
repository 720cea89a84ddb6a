package match

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

const testPatience = 3 * time.Second

var epoch = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func newTicket(since time.Duration, interests ...string) *ticket {
	parsed, err := parseInterests(interests)
	if err != nil {
		panic(err)
	}
	return &ticket{session: ident.NewSession(), mode: Video, interests: parsed, since: epoch.Add(since), deadline: -1}
}

func TestPoolPrefersCommonInterests(t *testing.T) {
	p := newPool(testPatience)
	older := newTicket(0, "chess")
	one := newTicket(time.Second, "jazz")
	two := newTicket(2*time.Second, "rust", "go")
	for _, w := range []*ticket{older, one, two} {
		if got := p.add(w, w.since); got != nil {
			t.Fatalf("%v was paired with %v at once", w.interests, got.interests)
		}
	}
	if got := p.add(newTicket(2500*time.Millisecond, "Go", "JAZZ", "Rust"), epoch.Add(2500*time.Millisecond)); got != two {
		t.Errorf("got %v, want the ticket with two common interests", got)
	}
	if got := p.add(newTicket(2600*time.Millisecond, "jazz"), epoch.Add(2600*time.Millisecond)); got != one {
		t.Errorf("got %v, want the one left with jazz", got)
	}
	if p.len() != 1 {
		t.Errorf("%d wait, want 1", p.len())
	}
}

func TestPoolTakesTheOldestAfterPatience(t *testing.T) {
	p := newPool(testPatience)
	a, b, c := newTicket(0, "a"), newTicket(time.Second, "b"), newTicket(2*time.Second, "c")
	for _, w := range []*ticket{a, b, c} {
		p.add(w, w.since)
	}
	if at, ok := p.next(); !ok || !at.Equal(epoch.Add(testPatience)) {
		t.Fatalf("next = %v, %v", at, ok)
	}
	if pairs := p.expire(epoch.Add(testPatience - 1)); len(pairs) != 0 {
		t.Fatalf("paired before patience ended: %v", pairs)
	}
	pairs := p.expire(epoch.Add(testPatience))
	if len(pairs) != 1 || pairs[0] != [2]*ticket{a, b} {
		t.Fatalf("pairs = %v, want a with b", pairs)
	}
	if pairs = p.expire(epoch.Add(time.Minute)); len(pairs) != 0 {
		t.Fatalf("c was paired with nobody: %v", pairs)
	}
	// c takes anybody now, so a newcomer without a common interest gets it.
	if got := p.add(newTicket(time.Minute, "d"), epoch.Add(time.Minute)); got != c {
		t.Errorf("got %v, want c", got)
	}
}

func TestPoolWithoutInterestsPairsAtOnce(t *testing.T) {
	p := newPool(testPatience)
	a := newTicket(0)
	p.add(a, epoch)
	if got := p.add(newTicket(1, "chess"), epoch.Add(1)); got != a {
		t.Errorf("got %v, want the ticket that takes anybody", got)
	}
	b := newTicket(2, "chess")
	p.add(b, epoch.Add(2))
	if got := p.add(newTicket(3), epoch.Add(3)); got != b {
		t.Errorf("a newcomer that takes anybody got %v, want the oldest", got)
	}
}

func TestPoolKeepsModesApart(t *testing.T) {
	p := newPool(testPatience)
	text := newTicket(0)
	text.mode = Text
	p.add(text, epoch)
	if got := p.add(newTicket(0), epoch); got != nil {
		t.Error("video was paired with text")
	}
	if pairs := p.expire(epoch.Add(time.Hour)); len(pairs) != 0 {
		t.Errorf("patience paired video with text: %v", pairs)
	}
}

func TestPoolLastPartnerOnlyIfNobodyElse(t *testing.T) {
	p := newPool(testPatience)
	a, b := newTicket(0, "x"), newTicket(1, "x")
	a.last, b.last = b.session, a.session
	p.add(a, epoch)
	if got := p.add(b, epoch.Add(1)); got != nil {
		t.Fatal("the same two were paired again at once")
	}
	c := newTicket(2, "x")
	if got := p.add(c, epoch.Add(2)); got != a {
		t.Fatalf("got %v, want a, the oldest", got)
	}
	a2 := newTicket(3)
	a2.session, a2.last = a.session, b.session
	if got := p.add(a2, epoch.Add(3)); got != nil {
		t.Fatal("a was paired with its last partner while patience lasts")
	}
	pairs := p.expire(epoch.Add(3 + testPatience))
	if len(pairs) != 1 || pairs[0] != [2]*ticket{b, a2} {
		t.Fatalf("pairs = %v, want b with a: nobody else waits", pairs)
	}
}

func TestPoolNeverPairsTheBlocked(t *testing.T) {
	p := newPool(testPatience)
	a, b := newTicket(0), newTicket(1)
	b.blocked = []ident.Session{a.session}
	p.add(a, epoch)
	p.add(b, epoch.Add(1))
	if pairs := p.expire(epoch.Add(time.Hour)); len(pairs) != 0 {
		t.Errorf("blocked sessions were paired: %v", pairs)
	}
}

func TestPoolKeepsAgeOnReturn(t *testing.T) {
	p := newPool(testPatience)
	a, b := newTicket(0, "x"), newTicket(1, "x")
	a.last, b.last = b.session, a.session
	p.add(a, epoch)
	p.add(b, epoch.Add(1))
	p.remove(a)
	p.remove(a)
	p.add(a, epoch.Add(2))
	if got := p.add(newTicket(3, "x"), epoch.Add(3)); got != a {
		t.Error("a ticket that came back lost its place in line")
	}
}

// A part of trial W8: random operations against what must always hold.
func TestW8PoolRandomOperations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "c", "d", "e"}
	p := newPool(testPatience)
	sessions := make([]ident.Session, 40)
	for i := range sessions {
		sessions[i] = ident.NewSession()
	}
	waiting := make(map[ident.Session]*ticket)
	now := epoch
	pair := func(a, b *ticket) {
		if a.session == b.session || a.mode != b.mode || a.gate != nil || b.gate != nil {
			t.Fatalf("bad pair %+v %+v", a, b)
		}
		delete(waiting, a.session)
		delete(waiting, b.session)
	}
	for range 100_000 {
		now = now.Add(time.Duration(random.IntN(200)) * time.Millisecond)
		s := sessions[random.IntN(len(sessions))]
		switch w := waiting[s]; {
		case w != nil && random.IntN(2) == 0:
			p.remove(w)
			delete(waiting, s)
		case w == nil:
			var interests []string
			for _, name := range names {
				if random.IntN(4) == 0 {
					interests = append(interests, name)
				}
			}
			parsed, _ := parseInterests(interests)
			tk := &ticket{session: s, mode: []Mode{Video, Text}[random.IntN(2)], interests: parsed, since: now, last: sessions[random.IntN(len(sessions))], deadline: -1}
			if partner := p.add(tk, now); partner != nil {
				if waiting[partner.session] != partner {
					t.Fatal("paired with a ticket that does not wait")
				}
				pair(tk, partner)
			} else {
				waiting[s] = tk
			}
		}
		for _, made := range p.expire(now) {
			if waiting[made[0].session] != made[0] || waiting[made[1].session] != made[1] {
				t.Fatal("patience paired a ticket that does not wait")
			}
			pair(made[0], made[1])
		}
		if p.len() != len(waiting) {
			t.Fatalf("%d tickets in the pool, want %d", p.len(), len(waiting))
		}
	}
	for _, g := range p.gates {
		for name, queue := range g.byInterest {
			if queue.Len() == 0 {
				t.Errorf("empty queue for %q was kept", name)
			}
		}
	}
}

func TestFold(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"Chess", "chess"}, {"  hip \t hop ", "hip hop"}, {"ＪＡＺＺ", "jazz"}, {"Straße", "strasse"}, {"CAFÉ", "café"}, {"Ⅻ", "xii"},
	} {
		if got := fold(test.in); got != test.want || fold(got) != got {
			t.Errorf("fold(%q) = %q, want %q and stable", test.in, got, test.want)
		}
	}
}

func TestParseInterestsRefuses(t *testing.T) {
	eleven := make([]string, 11)
	for _, bad := range [][]string{eleven, {""}, {"   "}, {"a\x00b"}, {"123456789012345678901234567890123"}} {
		if _, err := parseInterests(bad); err == nil {
			t.Errorf("parseInterests(%q) succeeded", bad)
		}
	}
	got, err := parseInterests([]string{"Go", "gO", "go "})
	if err != nil || len(got) != 1 || got[0].shown != "Go" {
		t.Errorf("doubles: %v, %v", got, err)
	}
}

// What is too long is not folded, which takes milliseconds for the 32 KiB that a
// message may have.
func TestParseInterestsLooksAtTheLengthFirst(t *testing.T) {
	long := []string{strings.Repeat("\ufdfa", 10_000)} // NFKC: 18 characters each
	if n := testing.AllocsPerRun(10, func() { parseInterests(long) }); n > 5 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"Chess", "ＪＡＺＺ", "ß", "İ", "ﬃ", "a\u0301", "\xf5\u037a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := fold(text)
		if twice := fold(once); twice != once {
			t.Errorf("fold is not stable: %q → %q → %q", text, once, twice)
		}
	})
}
