package pool_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/pool"
)

func TestMostInCommonThenOldest(t *testing.T) {
	s := newSite(t, 3, pool.Options{})
	older := s.ticket("a", "chess")
	s.waits(0, older)
	s.pass(time.Millisecond)
	one, two := asking(s.ticket("b", "jazz"), 0.5), asking(s.ticket("c", "go", "rust"), 0.5)
	s.waits(1, one)
	s.waits(2, two)
	s.pass(time.Second)
	found := s.finds(0, s.ticket("d", "go", "jazz", "rust"), two)
	if want := (pool.Found{ID: two.ID, Node: "node c", Session: two.Session, Waited: time.Second, Score: 4}); *found != want {
		t.Errorf("found %+v, want %+v", *found, want)
	}
	s.finds(0, s.ticket("e", "jazz"), one)
	s.finds(0, s.ticket("f"), older) // takes anybody
	s.empty()
}

// A pair is made when its worth covers what both ask, and what they ask falls.
func TestAskFallsWithWait(t *testing.T) {
	s := newSite(t, 2, pool.Options{})
	a, b := asking(s.ticket("a", "x"), 2), asking(s.ticket("b", "x"), 2) // together 4 at first, for 2
	s.waits(0, a)
	if again := s.waits(1, b); again != patience/2-patience/4 && again != patience/4 {
		t.Errorf("to be searched for again after %v, want at most a quarter of %v", again, patience)
	}
	s.pass(patience/2 - time.Millisecond)
	if found, _ := s.again(1, b); found != nil {
		t.Fatal("paired although both ask for more")
	}
	s.pass(time.Millisecond)
	found, err := s.again(1, b)
	s.is(found, err, a)
	if _, err := s.again(0, a); !errors.Is(err, pool.ErrGone) {
		t.Errorf("search of one that was found: %v, want ErrGone", err)
	}
}

func TestAnybodyAfterPatience(t *testing.T) {
	s := newSite(t, 2, pool.Options{})
	a := s.ticket("a", "x")
	s.waits(0, a)
	s.pass(time.Second)
	b := s.ticket("b", "y")
	s.waits(1, b)
	s.pass(patience - time.Second)
	c := s.ticket("c", "z")
	found, err := s.again(0, a)
	s.is(found, err, b)
	a = s.ticket("d", "w")
	a.Since = s.now.Add(-patience)
	s.waits(0, a)
	s.finds(1, c, a) // which takes anybody
}

func TestModesStayApart(t *testing.T) {
	s := newSite(t, 1, pool.Options{})
	text := s.ticket("a")
	text.Mode = "text"
	s.waits(0, text, s.ticket("b"))
}

func TestLanguages(t *testing.T) {
	for _, test := range []struct {
		name        string
		a, b        []string
		later       bool // found by b's first search; else by one when the patience of both has ended
		anyLanguage bool
		never       bool
	}{
		{"the same", []string{"en"}, []string{"en"}, false, false, false},
		{"one of several", []string{"de", "en"}, []string{"fr", "en"}, false, false, false},
		{"none in common", []string{"de"}, []string{"fr", "en"}, true, true, false},
		{"none in common, and that is not allowed", []string{"de"}, []string{"fr", "en"}, true, false, true},
		{"the first names none", nil, []string{"de"}, false, false, false},
		{"the second names none", []string{"de"}, nil, true, false, false},
		{"neither names any", nil, nil, false, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, 2, pool.Options{AnyLanguage: test.anyLanguage})
			a, b := speaking(s.ticket("a", "x"), test.a...), speaking(s.ticket("b", "x"), test.b...)
			s.waits(0, a)
			if !test.later {
				s.finds(1, b, a)
				return
			}
			s.waits(1, b)
			s.pass(patience)
			found, _ := s.again(0, a)
			if found == nil {
				found, _ = s.again(1, b)
			}
			if (found == nil) != test.never {
				t.Errorf("found %+v when patience had ended", found)
			}
		})
	}
}

// Who stands in several gates is out of all of them when somebody is found in one.
func TestSeveralLanguages(t *testing.T) {
	s := newSite(t, 2, pool.Options{AnyLanguage: true})
	a := speaking(s.ticket("a", "x"), "de", "en", "fr")
	s.waits(0, a)
	b := speaking(s.ticket("b", "y"), "fr", "it")
	s.waits(1, b)
	s.pass(patience)
	found, err := s.again(1, b)
	s.is(found, err, a)
	if s.nodes[1].Len() != 0 {
		t.Error("b is in the pool yet")
	}
	// The node of a is asked, and withdraws it from its other gates.
	if err := s.nodes[0].Taken(context.Background(), a.ID); err != nil {
		t.Fatal(err)
	}
	s.empty()
}

func TestRecentPartnersOnlyIfNobodyElse(t *testing.T) {
	for _, side := range []int{0, 1} {
		s := newSite(t, 2, pool.Options{AnyLanguage: true})
		pair := []pool.Ticket{s.ticket("a"), s.ticket("b")}
		pair[side].Recent = []pool.Tag{tag("x"), tag([]string{"b", "a"}[side]), tag("y")}
		s.waits(0, pair...)
		c := speaking(s.ticket("c", "q"), "fr")
		s.waits(1, c)
		s.pass(patience)
		if found, _ := s.again(1, c); found != nil {
			t.Fatal("c found somebody whose patience is not known to have ended")
		}
		found, err := s.again(0, pair[0])
		s.is(found, err, c) // of another language before one who was met of late
		s.pass(time.Millisecond)
		a := pair[0]
		a.ID, a.Since = pool.NewID(), s.now.Add(-patience)
		s.finds(0, a, pair[1])
	}
}

func TestAvoidedNeverMeet(t *testing.T) {
	for _, side := range []int{0, 1} {
		s := newSite(t, 1, pool.Options{AnyLanguage: true})
		pair := []pool.Ticket{s.ticket("a", "x"), s.ticket("b", "x")}
		for i := range 150 { // of which 100 are kept, the last
			pair[side].Avoid = append(pair[side].Avoid, tag(fmt.Sprint(i)))
		}
		pair[side].Avoid[60] = tag([]string{"b", "a"}[side])
		s.waits(0, pair...)
		for range 3 {
			s.pass(patience)
			for _, ticket := range pair {
				if found, err := s.again(0, ticket); found != nil || err != nil {
					t.Fatalf("found %+v, %v", found, err)
				}
			}
		}
		// Blocked while it waits.
		c := s.ticket("c", "x")
		c.Avoid = []pool.Tag{tag("a"), tag("b")}
		s.waits(0, c)
		pair[side].Avoid = nil
		found, err := s.again(0, pair[side])
		s.is(found, err, pair[1-side])
	}
}

func TestNobodyMeetsItself(t *testing.T) {
	s := newSite(t, 2, pool.Options{})
	s.waits(0, s.ticket("a"))
	s.waits(1, s.ticket("a"))
}

// Of two who are worth the same the one of the same relay is taken, but not before one who has
// waited for half of its patience.
func TestSameRelay(t *testing.T) {
	s := newSite(t, 1, pool.Options{})
	far, near := s.ticket("a", "x"), s.ticket("b", "y")
	far.Relay, near.Relay = tag("far"), tag("near")
	s.waits(0, far)
	s.pass(time.Millisecond)
	s.waits(0, near)
	c := s.ticket("c")
	c.Relay = tag("near")
	s.finds(0, c, near)
	s.pass(patience / 2)
	near.ID, near.Since = pool.NewID(), s.now
	s.waits(0, near)
	c.ID, c.Since = pool.NewID(), s.now
	s.finds(0, c, far)
}

// Tickets of a node that is gone are nobody's when its lease has ended, and go: those that a
// search meets, and with the renewals of others all of them.
func TestLease(t *testing.T) {
	s := newSite(t, 3, pool.Options{})
	dead := s.ticket("dead", "x")
	s.waits(0, dead)
	for i := range 400 {
		s.waits(0, s.ticket("dead", fmt.Sprint(i)))
	}
	alive := s.ticket("alive", "y")
	s.waits(1, alive)
	early := s.ticket("early", "x")
	s.pass(4 * time.Second)
	s.renewBut(0)
	s.finds(2, early, dead)
	s.pass(time.Second + time.Millisecond)
	s.renewBut(0)
	s.waits(2, s.ticket("late", "1"))
	one := tag("1")
	if n := s.server.Do(t, "HSTRLEN", "joingy:{p1:video:en:0}:interests", string(one[:])); n != "22" {
		t.Errorf("%s bytes of tickets have the interest of a dead and a new one, want those of one", n)
	}
	for range 5 {
		s.pass(200 * time.Millisecond)
		s.renewBut(0)
	}
	if n := s.nodes[1].Stats().Gates[1].Waiting; n != 2 {
		t.Errorf("%d wait, want 2", n)
	}
	s.finds(2, s.ticket("another", "y"), alive)
	// The node was not dead: it learns what it lost.
	if lost, err := s.nodes[0].Renew(context.Background()); err != nil || len(lost) != 401 {
		t.Errorf("%d were lost, %v, want 401", len(lost), err)
	}
}

// What is not in Redis any more is named, and may be offered anew; and Redis learns the scripts
// again.
func TestFlush(t *testing.T) {
	s := newSite(t, 2, pool.Options{})
	var tickets []pool.Ticket
	for i := range 600 {
		ticket := s.ticket("same", fmt.Sprint(i))
		tickets = append(tickets, ticket)
		s.waits(0, ticket)
	}
	s.server.FlushAll(t)
	if found, err := s.again(0, tickets[0]); found != nil || !errors.Is(err, pool.ErrGone) {
		t.Errorf("%+v, %v, want ErrGone", found, err)
	}
	if lost := s.renew(); lost != 599 {
		t.Errorf("%d tickets are told to be lost, want 599", lost)
	}
	if lost := s.renew(); lost != 0 || s.nodes[0].Len() != 0 {
		t.Errorf("%d tickets are lost a second time, %d in the pool", lost, s.nodes[0].Len())
	}
	again := tickets[7]
	again.ID = pool.NewID()
	s.waits(0, again)
	s.finds(1, s.ticket("another", "7"), again)
}

// Renewals find all that were lost in the end, also if the lease was not.
func TestRenewLooksForAll(t *testing.T) {
	s := newSite(t, 1, pool.Options{})
	for i := range 300 {
		s.waits(0, s.ticket("same", fmt.Sprint(i)))
	}
	s.server.Do(t, "DEL", "joingy:{p1:video:en:0}:tickets", "joingy:{p1:video:en:0}:queue")
	lost := 0
	for range 12 {
		s.pass(time.Second)
		lost += s.renew()
	}
	if lost != 300 {
		t.Errorf("%d of 300 lost tickets were found to be so", lost)
	}
}

// A gate that is too large is split, tickets move with their next searches and meet whom they
// would have met, and the shards are joined when few are left.
func TestSplit(t *testing.T) {
	s := newSite(t, 2, pool.Options{MaxShards: 4, SplitSize: 200, Lease: time.Hour})
	var tickets []pool.Ticket
	for i := range 300 {
		ticket := s.ticket("same", fmt.Sprint(i))
		tickets = append(tickets, ticket)
		s.waits(i%2, ticket)
	}
	shards := func() int { return s.nodes[0].Stats().Gates[len(s.nodes[0].Stats().Gates)-1].Shards }
	s.pass(10 * time.Second)
	if s.renew(); shards() != 2 {
		t.Fatalf("%d shards, want 2", shards())
	}
	s.pass(time.Second)
	s.renew() // the other node learns it, and nothing moves before it searches
	for i, ticket := range tickets {
		if found, err := s.again(i%2, ticket); found != nil || err != nil {
			t.Fatalf("ticket %d found %+v, %v", i, found, err)
		}
	}
	s.pass(time.Second)
	if s.renew(); shards() != 2 {
		t.Fatalf("%d shards, want 2 yet", shards())
	}
	for i := range 5 {
		s.finds(i%2, s.ticket("another", fmt.Sprint(i)), tickets[i])
	}
	// A stranger whose own shard is thin finds somebody in another.
	for range 8 {
		if found, _, err := s.nodes[0].Offer(context.Background(), s.ticket("another")); err != nil || found == nil {
			t.Fatalf("a stranger found %+v, %v", found, err)
		}
	}
	for i := 20; i < 300; i++ {
		if err := s.nodes[i%2].Withdraw(context.Background(), tickets[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	for range 12 {
		s.pass(time.Second)
		s.renew()
	}
	if shards() != 1 {
		t.Errorf("%d shards when few are left, want 1", shards())
	}
	for i := 5; i < 20; i++ {
		if found, err := s.again(i%2, tickets[i]); found != nil || err != nil && !errors.Is(err, pool.ErrGone) {
			t.Fatalf("ticket %d found %+v, %v", i, found, err)
		}
	}
	if n := len(s.keys()); n > 8 { // 4 of the shard, members of others, and one of the gate
		t.Errorf("left: %q", s.keys())
	}
}

func TestFull(t *testing.T) {
	s := newSite(t, 1, pool.Options{MaxWaiting: 2})
	a := s.ticket("a", "1")
	s.waits(0, a, s.ticket("b", "2"))
	if _, _, err := s.nodes[0].Offer(context.Background(), s.ticket("c", "3")); !errors.Is(err, pool.ErrFull) {
		t.Errorf("a third was let in: %v", err)
	}
	if found, err := s.again(0, a); found != nil || err != nil {
		t.Errorf("who is in: %+v, %v", found, err)
	}
	s.finds(0, s.ticket("d", "1"), a)
	s.waits(0, s.ticket("c", "3"))
}

// However many wait, a search looks at as few as match/pool's does, in one call to Redis.
func TestSearchIsBounded(t *testing.T) {
	s := newSite(t, 1, pool.Options{})
	for i := range 300 {
		ticket := s.ticket("same", "music", "films", "games", fmt.Sprint(i))
		if i%2 == 0 {
			ticket.Since = s.now.Add(-patience) // takes anybody
		}
		s.waits(0, ticket)
	}
	before := s.nodes[0].Stats()
	s.waits(0, s.ticket("same", "music", "films", "games"))
	after := s.nodes[0].Stats()
	if calls, visits := after.Calls-before.Calls, after.Visits-before.Visits; calls > 2 || visits != 12+32 {
		t.Errorf("%d calls and %d visits, want one (and one to the gate of no language) and 44", calls, visits)
	}
}

// Waits are by Redis' clock, whatever the nodes' say.
func TestClockOfRedis(t *testing.T) {
	s := newSite(t, 0, pool.Options{})
	s.opts.Now, s.now = nil, time.Now().Add(-10*time.Second)
	s.start()
	s.start()
	a := asking(s.ticket("a", "x"), 1)
	s.waits(0, a)
	if lost := s.renew(); lost != 0 {
		t.Errorf("%d tickets are lost", lost)
	}
	if found := s.finds(1, s.ticket("b", "x"), a); found.Waited < 10*time.Second || found.Waited > time.Minute {
		t.Errorf("it has waited for %v, want 10 s and what the test takes", found.Waited)
	}
}

// An interest lists the oldest who have it; who found the list full is on it later.
func TestPopularInterest(t *testing.T) {
	s := newSite(t, 1, pool.Options{})
	var tickets []pool.Ticket
	for range 40 {
		tickets = append(tickets, s.ticket("same", "music"))
		s.waits(0, tickets[len(tickets)-1])
		s.pass(time.Millisecond)
	}
	for _, ticket := range tickets[:33] {
		if err := s.nodes[0].Withdraw(context.Background(), ticket.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.waits(0, s.ticket("another", "jazz")) // none of the 7 is listed
	s.waits(0, asking(s.ticket("another", "music"), 9))
	for _, i := range []int{39, 36, 33} { // in the order of their age for all that
		if found, err := s.again(0, tickets[i]); found != nil || err != nil {
			t.Fatalf("found %+v, %v", found, err)
		}
	}
	music := tag("music")
	list := s.server.Do(t, "HGET", "joingy:{p1:video:en:0}:interests", string(music[:]))
	if len(list) != 4*22 || list[:6] > list[22:28] || list[22:28] > list[44:50] || list[44:50] > list[66:72] {
		t.Errorf("%x is listed, want four, the oldest first", list)
	}
	for _, i := range []int{33, 36, 39} {
		s.finds(0, s.ticket("another", "music"), tickets[i])
	}
}

func TestErrors(t *testing.T) {
	s := newSite(t, 1, pool.Options{})
	for _, test := range []struct {
		change func(*pool.Ticket)
		want   string
	}{
		{func(t *pool.Ticket) { t.Mode = "video}" }, "mode"},
		{func(t *pool.Ticket) { t.Languages = []string{"en", "d:e"} }, "languages[1]"},
		{func(t *pool.Ticket) { t.Languages = []string{"en", "en"} }, "second time"},
		{func(t *pool.Ticket) { t.Languages = strings.Fields("a b c d e f") }, "6 languages"},
		{func(t *pool.Ticket) { t.Interests = make([]pool.Tag, 11) }, "11 interests"},
		{func(t *pool.Ticket) { t.IDF = nil }, "IDF"},
		{func(t *pool.Ticket) { t.Patience = -1 }, "patience"},
		{func(t *pool.Ticket) { t.Since = time.Time{} }, "Since"},
	} {
		ticket := s.ticket("a", "x")
		test.change(&ticket)
		if _, _, err := s.nodes[0].Offer(context.Background(), ticket); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
	for _, test := range []struct {
		opts pool.Options
		want string
	}{
		{pool.Options{Member: pool.NewTag()}, "node"},
		{pool.Options{Node: "a"}, "member"},
		{pool.Options{Node: "a", Member: pool.NewTag(), MaxShards: 3}, "power of two"},
	} {
		if _, err := pool.New(s.link, test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := s.nodes[0].Offer(ctx, s.ticket("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
	if s.nodes[0].Len() != 0 {
		t.Error("a ticket whose offer failed is in the pool")
	}
	s.renew()
}
