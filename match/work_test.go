package match_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/bits"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match"
)

// work is the data of a challenge.
type work struct {
	Algorithm, Salt string
	Bits            int
	Expires         time.Time
}

// challenged sends a find, which must be challenged, and returns with what.
func (c *client) challenged() (w work) {
	c.f.t.Helper()
	c.send(`{"type":"find","mode":"text"}`)
	m := c.expect("challenge")
	if err := json.Unmarshal(m.Data, &w); err != nil || m.Kind != "work" || w.Algorithm != "SHA-256" || len(w.Salt) != 22 {
		c.f.t.Fatalf("challenge %s %s: %v", m.Kind, m.Data, err)
	}
	if m := c.expect("error"); m.Code != "challenge_required" || m.Re != "find" || m.Detail == "" {
		c.f.t.Fatalf("error = %+v", m)
	}
	return w
}

// nonce returns one that solves w, or the first that does not.
func (w work) nonce(right bool) string {
	for n := uint64(0); ; n++ {
		hash := sha256.Sum256(fmt.Append(nil, w.Salt, n))
		zero := 0
		for _, b := range hash {
			zero += bits.LeadingZeros8(b)
			if b != 0 {
				break
			}
		}
		if (zero >= w.Bits) == right {
			return jsonNumber(n)
		}
	}
}

func (c *client) answer(w work, nonce string) {
	c.f.t.Helper()
	c.send(`{"type":"answer","kind":"work","data":{"salt":"` + w.Salt + `","nonce":` + nonce + `}}`)
}

// failed checks that an answer is refused.
func (c *client) failed() {
	c.f.t.Helper()
	if m := c.expect("error"); m.Code != "challenge_failed" || m.Re != "answer" || m.Detail == "" {
		c.f.t.Fatalf("error = %+v", m)
	}
}

// challenges checks what the hub counted.
func (f *fixture) challenges(want map[string]uint64) {
	f.t.Helper()
	got := f.Stats().Challenges
	for _, outcome := range match.ChallengeOutcomes() {
		if got[outcome] != want[outcome] {
			f.t.Errorf("challenges %s: %d, want %d", outcome, got[outcome], want[outcome])
		}
	}
}

// withWork makes a hub where one address may hold 3 sessions, and 12 with work.
func withWork(o *match.Options) { o.SessionsPerAddressMax = 12 }

// The sessions past sessions_per_address have work to do, more with each
// multiple, and those before them none; past the most there is no session.
func TestSessionsPastTheFreeOnesWork(t *testing.T) {
	runWith(t, withWork, func(t *testing.T, f *fixture) {
		var free []*client
		for range 3 {
			free = append(free, f.visit("192.0.2.1"))
		}
		last := 0
		for i := range 9 {
			c := f.visit("192.0.2.1")
			w := c.challenged()
			if want := 14 + i/3; w.Bits != want {
				t.Errorf("session %d has to find %d bits, want %d", 4+i, w.Bits, want)
			}
			last = w.Bits
			if i == 0 {
				c.answer(w, w.nonce(true))
				c.send(`{"type":"find","mode":"text"}`)
				c.expect("waiting")
				c.send(`{"type":"leave"}`)
			}
		}
		if last > 17 {
			t.Errorf("%d bits are too many for a phone", last)
		}
		c := f.mustConnect("192.0.2.1")
		c.send(hello)
		c.expectClose(4429)
		for _, c := range free {
			c.send(`{"type":"find","mode":"video"}`)
			if m := <-c.messages; m.Type != "waiting" && m.Type != "matched" {
				t.Errorf("one of the first three got %+v", m)
			}
		}
		f.denied(map[string]uint64{"work": 9, "sessions": 1})
		f.challenges(map[string]uint64{"issued": 9, "answered": 1})
	})
}

func TestAnswers(t *testing.T) {
	runWith(t, withWork, func(t *testing.T, f *fixture) {
		for range 3 {
			f.visit("192.0.2.1")
		}
		c := f.visit("192.0.2.1")
		for bad, code := range map[string]string{
			`{"type":"answer"}`: "bad_message",
			`{"type":"answer","kind":"age","data":{"salt":"x","nonce":1}}`:    "bad_message",
			`{"type":"answer","kind":"work","data":5}`:                        "bad_message",
			`{"type":"answer","kind":"work","data":{"nonce":1}}`:              "bad_message",
			`{"type":"answer","kind":"work","data":{"salt":"x","nonce":-1}}`:  "bad_message",
			`{"type":"answer","kind":"work","data":{"salt":"x","nonce":"1"}}`: "bad_message",
			`{"type":"answer","kind":"work","data":{"salt":"x","nonce":1}}`:   "challenge_failed",
		} {
			c.send(bad)
			if m := c.expect("error"); m.Code != code || m.Re != "answer" {
				t.Errorf("%s: %+v, want %s", bad, m, code)
			}
		}

		w := c.challenged()
		if again := c.challenged(); again != w {
			t.Errorf("a second search was challenged with %+v, want the open %+v", again, w)
		}
		c.answer(w, w.nonce(false))
		m := c.expect("challenge")
		c.failed()
		var harder work
		if err := json.Unmarshal(m.Data, &harder); err != nil || harder.Salt == w.Salt || harder.Bits != w.Bits+1 {
			t.Fatalf("after a wrong answer to %+v: %+v, %v", w, harder, err)
		}
		c.answer(w, w.nonce(true)) // not open any more
		c.failed()

		time.Sleep(2 * time.Minute)
		c.answer(harder, harder.nonce(true))
		var next work
		if err := json.Unmarshal(c.expect("challenge").Data, &next); err != nil || next.Salt == harder.Salt {
			t.Fatalf("after a late answer: %+v, %v", next, err)
		}
		c.failed()

		c.answer(next, next.nonce(true))
		c.quiet()
		c.answer(next, next.nonce(true)) // good once
		c.failed()
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")

		time.Sleep(10 * time.Minute) // and for so long
		if w := c.challenged(); w.Salt == next.Salt {
			t.Error("the same challenge came again")
		}
		f.challenges(map[string]uint64{"issued": 4, "answered": 1, "wrong": 1, "late": 1})
	})
}

// A resumed session owes what it owed; what it answered before is good.
func TestWorkSurvivesAResume(t *testing.T) {
	runWith(t, withWork, func(t *testing.T, f *fixture) {
		for range 3 {
			f.visit("192.0.2.1")
		}
		c := f.visit("192.0.2.1")
		w := c.challenged()
		resume := func() {
			c.conn.CloseNow()
			synctest.Wait()
			again := f.mustConnect("192.0.2.7")
			again.send(`{"type":"hello","resume":"` + c.welcome.Resume + `","ack":` + jsonNumber(c.seen) + `}`)
			again.seen = c.seen
			again.welcome = again.expect("welcome")
			c = again
		}
		resume()
		if again := c.challenged(); again != w {
			t.Errorf("challenged with %+v, want the open %+v", again, w)
		}
		c.answer(w, w.nonce(true))
		c.quiet()
		resume()
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")
	})
}

// Who is suspicious works the harder the more so, and is let alone in time.
func TestSuspiciousAddressesWork(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.visit("192.0.2.1")
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")
		c.send(`{"type":"leave"}`)
		bad := func(messages int) {
			for range messages {
				time.Sleep(25 * time.Millisecond) // within the session's own pace
				c.send(`{}`)
				c.expect("error")
			}
		}
		bad(60)
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting") // 30 points: not yet
		bad(6)
		var hardest work
		for want := 14; want <= 17; want++ {
			hardest = c.challenged()
			if hardest.Bits != want {
				t.Fatalf("%d bits, want %d", hardest.Bits, want)
			}
			c.answer(hardest, hardest.nonce(true))
			c.send(`{"type":"find","mode":"text"}`)
			c.expect("waiting")
			bad(72 << (want - 14)) // twice the points, and a little more
		}
		other := f.visit("192.0.2.1")
		if w := other.challenged(); w.Bits != 17 {
			t.Errorf("another session of the address has to find %d bits, want 17", w.Bits)
		}
		neighbour := f.visit("192.0.2.2")
		neighbour.send(`{"type":"find","mode":"video"}`)
		neighbour.expect("waiting")
		time.Sleep(30 * time.Minute)
		other.send(`{"type":"find","mode":"video"}`)
		other.expect("matched")
	})
}

func TestReportsMakeSuspicious(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		bad := f.visit("192.0.2.1")
		for i := range 4 {
			bad.send(`{"type":"find","mode":"text"}`)
			bad.expect("waiting")
			victim := f.visit(fmt.Sprintf("192.0.2.%d", 10+i))
			victim.send(`{"type":"find","mode":"text"}`)
			pair := victim.expect("matched").Pair
			bad.expect("matched")
			for range 2 { // a second report of the same chat counts for nothing
				victim.send(`{"type":"report","pair":"` + pair + `","reason":"nudity"}`)
				victim.expect("reported")
			}
			victim.conn.Close(websocket.StatusNormalClosure, "")
			bad.expect("left")
		}
		bad.challenged()
	})
}

// Sessions that come and go without ever searching.
func TestAimlessSessionsMakeSuspicious(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		come := func() *client {
			for {
				c := f.mustConnect("192.0.2.1")
				c.send(hello)
				if m, open := <-c.messages; open {
					c.seen = m.Seq
					return c
				}
				time.Sleep(5 * time.Second)
			}
		}
		for range 40 {
			come().conn.Close(websocket.StatusNormalClosure, "")
			synctest.Wait()
		}
		come().challenged()
	})
}

// A household of 32 that chats, skips, reloads its pages and is now and then
// reported is never asked for anything; nor is one that shares its address with
// nobody.
func TestHonestVisitorsNeverWork(t *testing.T) {
	runWith(t, func(o *match.Options) { o.SessionsPerAddress, o.SessionsPerAddressMax = 32, 128 }, func(t *testing.T, f *fixture) {
		addr := func(i int) string {
			if i < 32 {
				return "192.0.2.1"
			}
			return fmt.Sprintf("198.51.100.%d", i)
		}
		var visitors []*client
		for i := range 40 {
			visitors = append(visitors, f.visit(addr(i)))
		}
		pairs := make([]string, len(visitors))
		chats := 0
		for round := range 60 { // 15 minutes
			for i, c := range visitors {
				if (i+round)%3 == 0 { // a Next every 45 s
					c.send(`{"type":"find","mode":"text"}`)
				}
			}
			synctest.Wait()
			for i, c := range visitors {
				for len(c.messages) > 0 {
					switch m := <-c.messages; m.Type {
					case "challenge":
						t.Fatalf("round %d: visitor %d was challenged", round, i)
					case "matched":
						pairs[i] = m.Pair
						if chats++; chats%100 == 0 { // one chat in fifty is reported
							c.send(`{"type":"report","pair":"` + m.Pair + `","reason":"other"}`)
						}
					case "left":
						c.send(`{"type":"find","mode":"text"}`)
					}
				}
				if pairs[i] == "" {
					continue
				}
				c.send(`{"type":"text","pair":"` + pairs[i] + `","id":"1","body":"hello"}`) // perhaps too late
			}
			if i := round % len(visitors); round%2 == 0 { // somebody reloads the page
				visitors[i].conn.Close(websocket.StatusNormalClosure, "")
				synctest.Wait()
				visitors[i], pairs[i] = f.visit(addr(i)), ""
				visitors[i].send(`{"type":"find","mode":"text"}`)
			}
			time.Sleep(15 * time.Second)
		}
		if chats < 500 {
			t.Errorf("only %d times matched", chats)
		}
		f.challenges(nil)
		f.denied(nil)
		t.Logf("%d times matched; refused: %v; reports: %v", chats, f.Stats().Refused, f.Stats().Reports)
	})
}

// Who is reported, in this visit or an earlier one, has work to do, and the more is held
// against them the more.
func TestRiskBringsWork(t *testing.T) {
	risk := 0.0
	runWith(t, func(o *match.Options) {
		o.Risk = func(of []netip.Addr) float64 {
			if len(of) != 1 || of[0] != netip.MustParseAddr("192.0.2.1") {
				t.Errorf("asked about %v", of)
			}
			return risk
		}
	}, func(t *testing.T, f *fixture) {
		a := f.visit("192.0.2.1")
		a.send(`{"type":"find","mode":"text"}`)
		a.expect("waiting")
		var bits []int
		for _, risk = range []float64{0.6, 1} {
			a = f.visit("192.0.2.1")
			bits = append(bits, a.challenged().Bits)
		}
		if bits[0] < 10 || bits[1] <= bits[0] {
			t.Errorf("work of %v bits", bits)
		}
		risk = 0.4
		a.send(`{"type":"find","mode":"text"}`)
		a.expect("matched")
	})
}
