package match_test

import (
	"context"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match"
)

// book is the accounts of all hubs of a site, as package cluster/accounts keeps them.
type book struct {
	mu    sync.Mutex // guards what follows
	down  bool       // nobody is to ask
	mute  bool       // nobody is answered
	calls int
	pages map[string]*page
}

// page is one account.
type page struct {
	at      time.Time
	seats   map[string]int
	risks   map[string]float64
	points  float64
	strikes []time.Time
	missing []float64
}

// bookkeeper is the book as one hub has it.
type bookkeeper struct {
	*book
	hub string
}

func (k bookkeeper) Ready() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.down
}

func (k bookkeeper) Settle(ctx context.Context, tallies []match.Tally) []match.Standing {
	k.mu.Lock()
	mute := k.mute
	k.mu.Unlock()
	if mute {
		<-ctx.Done()
		return make([]match.Standing, len(tallies))
	}
	time.Sleep(time.Millisecond)
	k.mu.Lock()
	defer k.mu.Unlock()
	var standings []match.Standing
	for _, t := range tallies {
		standings = append(standings, k.settle(t))
	}
	return standings
}

func (k bookkeeper) settle(t match.Tally) match.Standing {
	k.calls++
	now := time.Now()
	p := k.pages[t.Of]
	if p == nil {
		p = &page{at: now, seats: map[string]int{}, risks: map[string]float64{}, missing: make([]float64, len(t.Buckets))}
		k.pages[t.Of] = p
	}
	passed := now.Sub(p.at)
	p.at = now
	s := match.Standing{Known: true, Forgotten: p.seats[k.hub] == 0}
	for hub, n := range p.seats {
		if hub != k.hub {
			s.Elsewhere += n
			s.Risk += p.risks[hub]
		}
	}
	p.risks[k.hub] = t.Risk
	p.seats[k.hub] = max(t.Held, min(t.Held+t.Wanted, t.Most-s.Elsewhere))
	p.points = min(t.MostPoints, p.points*math.Exp2(-passed.Seconds()/t.HalfLife.Seconds())+t.Points)
	s.Points = p.points
	if t.Pardoned {
		p.strikes = nil
	}
	for range t.Strikes {
		p.strikes = append(p.strikes, now)
	}
	p.strikes = slices.DeleteFunc(p.strikes, func(at time.Time) bool { return now.Sub(at) >= t.StrikeLife })
	p.strikes = p.strikes[max(0, len(p.strikes)-t.MostStrikes):]
	for _, at := range p.strikes {
		s.Strikes = append(s.Strikes, now.Sub(at))
	}
	for i, b := range t.Buckets {
		p.missing[i] = min(b.Burst, max(0, p.missing[i]-passed.Seconds()*b.Rate)+b.Spent)
	}
	s.Missing = slices.Clone(p.missing)
	return s
}

// seatsOf returns how many sessions a hub has told of.
func (b *book) seatsOf(hub string) (n int) {
	for of, p := range b.pages {
		if strings.HasPrefix(of, "address ") {
			n += p.seats[hub]
		}
	}
	return n
}

func (b *book) set(change func(*book)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// runCounting runs a test with two hubs that count together.
func runCounting(t *testing.T, change func(*match.Options), test func(t *testing.T, a, b *fixture, k *book)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := &book{pages: map[string]*page{}}
		hub := func(name string) *fixture {
			return newFixture(t, func(o *match.Options) {
				o.SessionsPerAddressMax, o.Accounts = 12, bookkeeper{k, name}
				if change != nil {
					change(o)
				}
			})
		}
		a, b := hub("a"), hub("b")
		t.Cleanup(a.stop)
		t.Cleanup(b.stop)
		test(t, a, b, k)
		for _, f := range []*fixture{a, b} {
			f.stop()
			f.left()
		}
	})
}

// crowded checks that there is no session more of an address.
func (f *fixture) crowded(addr string) {
	f.t.Helper()
	c := f.mustConnect(addr)
	c.send(hello)
	c.expectClose(4429)
}

// refused checks what a hub refused because of the other.
func (f *fixture) refused(want map[string]uint64) {
	f.t.Helper()
	for what, n := range f.Stats().Accounts.Refused {
		if n != want[what] {
			f.t.Errorf("refused %s: %d, want %d", what, n, want[what])
		}
	}
}

// One address has one hub's allowance: three sessions without work, nine with, wherever.
func TestSessionsAreCountedOverHubs(t *testing.T) {
	runCounting(t, nil, func(t *testing.T, a, b *fixture, _ *book) {
		hubs := []*fixture{a, b}
		var last *client
		for i := range 12 {
			last = hubs[i%2].visit("192.0.2.1")
			if i < 3 {
				last.send(`{"type":"find","mode":"text"}`)
				last.expect("waiting")
				last.send(`{"type":"leave"}`)
			} else if w := last.challenged(); w.Bits != 14+(i-3)/3 {
				t.Errorf("session %d has to find %d bits", i, w.Bits)
			}
		}
		a.crowded("192.0.2.1")
		b.crowded("192.0.2.1")
		a.visit("192.0.2.2")
		a.refused(map[string]uint64{"sessions": 1})
		last.conn.Close(websocket.StatusNormalClosure, "")
		time.Sleep(2 * time.Second)
		a.visit("192.0.2.1")
		b.crowded("192.0.2.1")
	})
}

// Who all come at once get what one hub would give them.
func TestSessionsAtOnceOverHubs(t *testing.T) {
	runCounting(t, nil, func(t *testing.T, a, b *fixture, _ *book) {
		var clients []*client
		for range 10 {
			clients = append(clients, a.mustConnect("2001:db8::1"), b.mustConnect("2001:db8::2"))
		}
		for _, c := range clients {
			c.send(hello)
		}
		time.Sleep(time.Second)
		if got := a.Stats().Online + b.Stats().Online; got != 12 {
			t.Errorf("%d sessions", got)
		}
	})
}

// The pace of an address: 16 sessions, then one in 3.75 s.
func TestPacesAreCountedOverHubs(t *testing.T) {
	runCounting(t, nil, func(t *testing.T, a, b *fixture, k *book) {
		come := func(f *fixture) {
			c := f.visit("192.0.2.1")
			c.conn.Close(websocket.StatusNormalClosure, "")
			synctest.Wait()
		}
		for range 8 {
			come(a)
		}
		time.Sleep(time.Second)
		for range 8 {
			come(b)
		}
		time.Sleep(time.Second)
		a.crowded("192.0.2.1") // though it gave out 8 only
		b.crowded("192.0.2.1")
		a.denied(map[string]uint64{"session_rate": 1})
		a.refused(map[string]uint64{"paces": 1})
		time.Sleep(10 * time.Second)
		come(a)
	})
}

// What an address has earned at one hub it works off at the other, once for each.
func TestSuspicionIsSharedOverHubs(t *testing.T) {
	runCounting(t, nil, func(t *testing.T, a, b *fixture, _ *book) {
		visitor := b.visit("192.0.2.1")
		nasty := a.visit("192.0.2.1")
		for range 80 {
			nasty.send(`{"type":"description"`)
			nasty.expect("error")
		}
		time.Sleep(time.Second)
		w := visitor.challenged()
		worked := nasty.challenged()
		visitor.answer(worked, worked.nonce(true))
		visitor.failed() // it is another's
		visitor.answer(w, w.nonce(true))
		visitor.send(`{"type":"find","mode":"text"}`)
		visitor.expect("waiting")
		nasty.answer(w, w.nonce(true))
		nasty.failed()
	})
}

// Whom visitors of one hub have reported has work to do at the other too.
func TestRiskIsSharedOverHubs(t *testing.T) {
	var reported atomic.Bool // at the first hub
	first := true
	risky := func(o *match.Options) {
		if first {
			o.Risk = func(addrs []netip.Addr) float64 {
				if reported.Load() && slices.Contains(addrs, netip.MustParseAddr("192.0.2.1")) {
					return 1
				}
				return 0
			}
		}
		first = false
	}
	runCounting(t, risky, func(t *testing.T, a, b *fixture, _ *book) {
		bad, good := a.visit("192.0.2.1"), a.visit("192.0.2.2")
		there, other := b.visit("192.0.2.1"), b.visit("192.0.2.2")
		pair := a.meet(bad, good, "text")
		reported.Store(true)
		good.report(pair, "spam")
		time.Sleep(time.Second)
		there.conn.Close(websocket.StatusNormalClosure, "") // and comes again, of which its hub tells
		synctest.Wait()
		b.visit("192.0.2.1").challenged()
		other.send(`{"type":"find","mode":"text"}`)
		other.expect("waiting")
	})
}

// Three strikes mute an address, wherever they were.
func TestStrikesAreCountedOverHubs(t *testing.T) {
	spam := func(o *match.Options) {
		o.Filter = match.Filter{Links: match.FilterPolicies()["reject"], MuteAfter: 3, MuteFor: time.Minute}
	}
	runCounting(t, spam, func(t *testing.T, a, b *fixture, _ *book) {
		meet := func(f *fixture) (*client, string) {
			spammer, other := f.visit("192.0.2.1"), f.visit("192.0.2.9")
			return spammer, f.meet(spammer, other, "text")
		}
		one, pairA := meet(a)
		two, pairB := meet(b)
		two.say(pairB, "1", "see t.me/foo")
		two.expect("rejected")
		time.Sleep(2 * time.Second) // until b has told of it
		one.say(pairA, "1", "see t.me/foo")
		one.expect("rejected")
		time.Sleep(2 * time.Second) // until a has told, and heard
		one.say(pairA, "2", "see t.me/foo")
		one.expect("rejected")
		if m := one.expect("action"); m.Do != "mute" {
			t.Errorf("action = %+v", m)
		}
		two.send(`{"type":"leave"}`)
		time.Sleep(time.Second)
		again, pair := meet(b)
		again.say(pair, "1", "hello")
		if m := again.expect("rejected"); m.Code != "muted" {
			t.Errorf("rejected = %+v", m)
		}
	})
}

// A link may be given in three chats, wherever they are.
func TestLinesAreCountedOverHubs(t *testing.T) {
	repeats := func(o *match.Options) { o.Filter, o.FilterKey = match.Filter{Repeats: 3}, [32]byte{1} }
	runCounting(t, repeats, func(t *testing.T, a, b *fixture, k *book) {
		say := func(f *fixture, body string) message {
			t.Helper()
			spammer, other := f.visit("192.0.2.1"), f.visit("192.0.2.9")
			spammer.say(f.meet(spammer, other, "text"), "1", body)
			m := <-spammer.messages
			for _, c := range []*client{spammer, other} {
				c.conn.Close(websocket.StatusNormalClosure, "")
			}
			synctest.Wait()
			return m
		}
		for i, f := range []*fixture{a, b, a, b, a} {
			if m := say(f, "my pictures: t.me/foo"); (m.Type == "sent") != (i < 3) || m.Type == "rejected" && m.Reason != "repeated" {
				t.Errorf("in chat %d: %+v", i+1, m)
			}
		}
		var said, before int
		count := func() (n int) {
			k.set(func(k *book) {
				for of := range k.pages {
					if strings.HasPrefix(of, "line ") {
						n++
					}
				}
			})
			return n
		}
		before = count()
		if m := say(a, "where are you from and what do you like to do"); m.Type != "sent" {
			t.Errorf("%+v", m)
		}
		if said = count(); said != before {
			t.Errorf("a plain line that was said once is known in %d ways", said-before)
		}
		time.Sleep(10 * time.Minute)
		if m := say(b, "my pictures: t.me/foo"); m.Type != "sent" {
			t.Errorf("after the window: %+v", m)
		}
	})
}

// A pass is for three sessions, wherever they are.
func TestPassesAreCountedOverHubs(t *testing.T) {
	runCounting(t, proving(true, true), func(t *testing.T, a, b *fixture, _ *book) {
		ends, err := time.Now().Add(time.Hour).MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		shows := func(c *client, code string) {
			t.Helper()
			c.answerAge(`{"pass":"`+string(ends)+`"}`, code)
		}
		first := a.visit("192.0.2.1")
		shows(first, "")
		shows(b.visit("192.0.2.2"), "")
		shows(b.visit("192.0.2.3"), "")
		shows(a.visit("192.0.2.4"), "pass_in_use")
		late := b.visit("192.0.2.5")
		shows(late, "pass_in_use")
		a.refused(map[string]uint64{"passes": 1})
		first.conn.Close(websocket.StatusNormalClosure, "")
		time.Sleep(2 * time.Second)
		shows(late, "")
	})
}

// Where nobody can be asked or nobody answers, each hub's own limits hold, and nobody waits.
func TestHubsCountAloneWithoutAnswers(t *testing.T) {
	runCounting(t, nil, func(t *testing.T, a, b *fixture, k *book) {
		full := func(f *fixture) {
			t.Helper()
			start := time.Now()
			for range 12 - f.Stats().Online {
				f.visit("192.0.2.1")
			}
			if waited := time.Since(start); waited > 100*time.Millisecond {
				t.Errorf("they waited %v", waited)
			}
			f.crowded("192.0.2.1")
		}
		a.visit("192.0.2.1")
		k.set(func(b *book) { b.mute = true })
		full(b) // and after the first of them nobody asks
		k.set(func(b *book) { b.mute, b.down = false, true })
		full(a)
		a.refused(nil)
		b.refused(nil)

		// What came meanwhile is known soon after.
		k.set(func(b *book) { b.down = false })
		time.Sleep(40 * time.Second)
		k.set(func(b *book) {
			if seats := b.pages["address 192.0.2.1/32"].seats; seats["a"] != 12 || seats["b"] != 12 {
				t.Errorf("seats: %v", seats)
			}
		})
	})
}

// What Redis forgets hubs tell again: nobody has more than an allowance anew meanwhile.
func TestAccountsAreToldAgain(t *testing.T) {
	runCounting(t, nil, func(t *testing.T, a, b *fixture, k *book) {
		for range 11 {
			a.visit("192.0.2.1")
		}
		for i := range 9 {
			a.visit("192.0.2.1" + string(rune('1'+i)))
		}
		time.Sleep(2 * time.Second)
		k.set(func(b *book) { clear(b.pages) })
		a.visit("192.0.2.11") // of whom the hub hears that they were forgotten
		time.Sleep(40 * time.Second)
		b.visit("192.0.2.1")
		b.crowded("192.0.2.1")
		var calls int
		k.set(func(b *book) { calls = b.calls })
		time.Sleep(5 * time.Minute)
		k.set(func(b *book) {
			if more := b.calls - calls; more < 11 || more > 15 { // of 11 accounts, two of them at both
				t.Errorf("told %d times in 5 minutes", more)
			}
		})
	})
}
