package match_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// say sends a text.
func (c *client) say(pair, id, body string) {
	c.f.t.Helper()
	data, err := json.Marshal(map[string]string{"type": "text", "pair": pair, "id": id, "body": body})
	if err != nil {
		c.f.t.Fatal(err)
	}
	c.send(string(data))
}

// wantVerdicts checks every count of the filter that is not zero.
func (f *fixture) wantVerdicts(want map[string]uint64) {
	f.t.Helper()
	got := map[string]uint64{}
	for outcome, reasons := range f.Stats().Filter.Verdicts {
		for reason, n := range reasons {
			got[outcome+" "+reason] = n
			if !slices.Contains(match.Verdicts()[outcome], reason) {
				f.t.Errorf("%s %s is not announced", outcome, reason)
			}
		}
	}
	for verdict, n := range want {
		if got[verdict] != n {
			f.t.Errorf("%s: %d, want %d", verdict, got[verdict], n)
		}
	}
	if len(got) != len(want) {
		f.t.Errorf("verdicts %v, want %v", got, want)
	}
}

func policies(links, contacts, words string) match.Filter {
	named := match.FilterPolicies()
	return match.Filter{Links: named[links], Contacts: named[contacts], Words: named[words]}
}

func TestTextsAreFiltered(t *testing.T) {
	filtered := func(o *match.Options) { o.Filter = policies("mask", "reject", "mask") }
	runWith(t, filtered, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		a.say(pair, "1", "hello there")
		if m := a.expect("sent"); m.ID != "1" || m.Body != "" {
			t.Errorf("sent = %+v", m)
		}
		if m := b.expect("text"); m.Body != "hello there" {
			t.Errorf("text = %+v", m)
		}
		a.say(pair, "2", "see http://example.com/x, ok?")
		const masked = "see ▒▒▒, ok?"
		if m := a.expect("sent"); m.ID != "2" || m.Body != masked {
			t.Errorf("sent = %+v", m)
		}
		if m := b.expect("text"); m.Body != masked {
			t.Errorf("text = %+v", m)
		}
		a.say(pair, "3", "snap: lisa_99")
		if m := a.expect("rejected"); m.ID != "3" || m.Code != "filtered" || m.Reason != "contact" {
			t.Errorf("rejected = %+v", m)
		}
		b.quiet()
		f.wantVerdicts(map[string]uint64{"delivered none": 1, "masked link": 1, "rejected contact": 1})
		if n := f.Stats().Refused["filtered"]; n != 1 {
			t.Errorf("%d refused", n)
		}
	})
}

// An author's texts arrive in the order in which they were sent.
func TestFilteredTextsKeepTheirOrder(t *testing.T) {
	filtered := func(o *match.Options) { o.Filter = policies("mask", "mask", "mask") }
	runWith(t, filtered, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		for i := range 10 {
			a.say(pair, fmt.Sprint(i), []string{"short", strings.Repeat("go to x.love. ", 100)}[i%2])
		}
		for i := range 10 {
			if m := b.expect("text"); m.ID != fmt.Sprint(i) {
				t.Fatalf("text %s came as number %d", m.ID, i)
			}
			a.expect("sent")
		}
	})
}

func TestInterestsAreFiltered(t *testing.T) {
	filtered := func(o *match.Options) { o.Filter = policies("mask", "allow", "reject") }
	runWith(t, filtered, func(t *testing.T, f *fixture) {
		c := f.visit("192.0.2.1")
		for bad, detail := range map[string]string{
			`["chess","t.me/foo"]`: "interests[1]: has a link", `["chess","chess","fucking"]`: "interests[2]: has a word",
		} {
			c.send(`{"type":"find","mode":"text","interests":` + bad + `}`)
			if m := c.expect("error"); m.Code != "bad_message" || m.Re != "find" || !strings.HasPrefix(m.Detail, detail) {
				t.Errorf("%s: %+v", bad, m)
			}
		}
		c.send(`{"type":"find","mode":"text","interests":["chess","node.js","snap: lisa"]}`)
		c.expect("waiting")
	})
}

// spammer meets another stranger for each line it says.
type spammer struct {
	*client
	f       *fixture
	met     int
	partner *client
}

// say says a line to somebody new, and returns the answer.
func (s *spammer) say(body string) message {
	s.f.t.Helper()
	if s.met++; s.partner != nil {
		s.partner.conn.CloseNow()
	}
	s.partner = s.f.visit(fmt.Sprintf("198.51.100.%d", s.met))
	s.partner.send(`{"type":"find","mode":"text"}`)
	s.partner.expect("waiting")
	s.send(`{"type":"find","mode":"text"}`)
	for {
		m := <-s.messages
		s.seen = m.Seq
		if m.Type != "matched" {
			continue // what is left of the chat before
		}
		s.partner.expect("matched")
		s.client.say(m.Pair, "1", body)
		for answer := range s.messages {
			if s.seen = answer.Seq; answer.Type == "sent" || answer.Type == "rejected" {
				time.Sleep(time.Second) // a search a second
				return answer
			}
		}
		s.f.t.Fatalf("no answer: %v", s.err)
	}
}

// Trial W5, of spam: the same line in chat after chat, then a mute, then a ban.
func TestW5RepeatedSpamIsMutedThenBanned(t *testing.T) {
	var banned []string
	filtered := func(o *match.Options) {
		o.Filter = match.Filter{Repeats: 3, MuteAfter: 2, MuteFor: time.Minute, BanAfter: 4, BanFor: time.Hour}
		o.Ban = func(addrs []netip.Addr, reason string, lasts time.Duration) {
			banned = append(banned, fmt.Sprint(addrs, " ", reason, " ", lasts))
		}
	}
	runWith(t, filtered, func(t *testing.T, f *fixture) {
		s := &spammer{client: f.visit("192.0.2.1"), f: f}
		const line = "look at t.me/foo"
		for i := range 3 {
			if m := s.say(line); m.Type != "sent" {
				t.Fatalf("chat %d: %+v", i+1, m)
			}
		}
		for range 2 {
			if m := s.say(line); m.Type != "rejected" || m.Code != "filtered" || m.Reason != "repeated" {
				t.Fatalf("%+v", m)
			}
			s.partner.quiet()
		}
		m := s.expect("action")
		if m.Do != "mute" || m.Reason != "spam" || m.Pair == "" || m.Until == nil {
			t.Fatalf("action = %+v", m)
		}
		until := *m.Until
		if left := time.Until(until); left < 50*time.Second || left > time.Minute+time.Second {
			t.Errorf("muted for %v", left)
		}

		// Another session of the address is muted too; and no longer than told.
		s.conn.CloseNow()
		s = &spammer{client: f.visit("192.0.2.1"), f: f, met: 100}
		if m := s.say("hello"); m.Code != "muted" || m.Reason != "spam" || m.Until == nil || !m.Until.Equal(until) {
			t.Errorf("while muted: %+v", m)
		}
		f.relay.mu.Lock()
		f.relay.addrs[mustSession(t, s.welcome.Session)] = []netip.Addr{
			netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::2"),
		}
		f.relay.mu.Unlock()
		time.Sleep(time.Until(until))
		if m := s.say("hello"); m.Type != "sent" {
			t.Errorf("after the mute: %+v", m)
		}
		if len(banned) != 0 {
			t.Errorf("banned already: %v", banned)
		}
		for range 2 {
			if m := s.say(line); m.Reason != "repeated" {
				t.Fatalf("%+v", m)
			}
		}
		synctest.Wait()
		if want := []string{"[2001:db8::1 192.0.2.1] spam 1h0m0s"}; !slices.Equal(banned, want) {
			t.Errorf("banned %v, want %v", banned, want)
		}
		stats := f.Stats().Filter
		if stats.Mutes != 2 || stats.Bans != 1 || stats.BansDropped != 0 {
			t.Errorf("%+v", stats)
		}
		f.wantVerdicts(map[string]uint64{"delivered none": 4, "rejected repeated": 4, "rejected muted": 1})
		if stats.Fingerprints == 0 {
			t.Error("no fingerprints are kept")
		}
		time.Sleep(11 * time.Minute)
		if n := f.Stats().Filter.Fingerprints; n != 0 {
			t.Errorf("%d fingerprints are kept after 11 minutes", n)
		}
	})
}

// Bans that cannot be made in time are dropped, and hold nobody up.
func TestBansAreQueued(t *testing.T) {
	release := make(chan struct{})
	made := 0
	filtered := func(o *match.Options) {
		o.Filter = policies("reject", "allow", "allow")
		o.Filter.BanAfter = 1
		o.Ban = func(_ []netip.Addr, _ string, lasts time.Duration) {
			<-release
			if lasts == 0 { // as the filter was told nothing else
				made++
			}
		}
	}
	runWith(t, filtered, func(t *testing.T, f *fixture) {
		release = make(chan struct{}) // of this bubble
		a, b, pair := f.pair("text")
		for i := range 80 {
			a.say(pair, fmt.Sprint(i), "t.me/foo")
			if m := a.expect("rejected"); m.Code != "filtered" || m.Reason != "link" {
				t.Fatalf("%+v", m)
			}
			synctest.Wait() // the first is being made
			time.Sleep(time.Second)
		}
		b.quiet()
		if stats := f.Stats().Filter; stats.Bans != 65 || stats.BansDropped != 15 {
			t.Errorf("%d bans, %d dropped", stats.Bans, stats.BansDropped)
		}
		close(release)
		synctest.Wait()
		if made != 65 {
			t.Errorf("%d bans were made", made)
		}
	})
}
