package match_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/internal/clocktest"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/match/filter"
)

// clockTrial is a visit during which the clock is set.
type clockTrial struct {
	*fixture
	clock       clocktest.Clock
	step        time.Duration
	made, wrong int // decisions
}

func (c *clockTrial) set() { c.clock.Set(c.step) }

func (c *clockTrial) check(what string, got, want any) {
	c.t.Helper()
	c.made++
	if got != want {
		c.wrong++
		c.t.Errorf("clock set by %v: %s: %v, want %v", c.step, what, got, want)
	}
}

// heard returns what has come since: types, with the code if there is one, and how the
// socket was closed. What is told every now and then is left out.
func (c *client) heard() string {
	synctest.Wait()
	var heard []string
	for {
		select {
		case m, open := <-c.messages:
			if !open {
				return strings.Join(append(heard, fmt.Sprint(int(websocket.CloseStatus(c.err)))), " ")
			}
			c.seen = max(c.seen, m.Seq)
			if m.Type != "online" {
				heard = append(heard, strings.TrimSuffix(m.Type+" "+m.Code, " "))
			}
		default:
			return strings.Join(heard, " ")
		}
	}
}

// hears sends and returns what came back.
func (c *client) hears(text string) string {
	c.f.t.Helper()
	c.send(text)
	return c.heard()
}

// clockTrials are what a wrong clock could end too early or keep for too long. Each
// is played with the clock set in its middle.
var clockTrials = map[string]func(*clockTrial){
	"resume": func(c *clockTrial) {
		a, b, _ := c.pair("text")
		a.conn.CloseNow()
		synctest.Wait()
		c.set()
		time.Sleep(14 * time.Second)
		again := c.mustConnect("192.0.2.1")
		c.check("resumed in its grace", again.hears(`{"type":"hello","resume":"`+a.welcome.Resume+`","ack":`+jsonNumber(a.seen)+`}`), "welcome")
		again.conn.CloseNow()
		synctest.Wait()
		c.set()
		time.Sleep(14 * time.Second)
		c.check("the partner, before the grace is over", b.heard(), "")
		time.Sleep(time.Second)
		c.check("the partner, after it", b.heard(), "left")
	},
	"consent": func(c *clockTrial) {
		a, b := c.mustConnect("192.0.2.1"), c.mustConnect("192.0.2.2")
		c.check("hello without consent", a.hears(`{"type":"hello"}`)+b.hears(`{"type":"hello"}`), "error consent_requirederror consent_required")
		c.set()
		c.check("hello without consent again", b.hears(`{"type":"hello"}`), "error consent_required")
		time.Sleep(10*time.Minute - time.Second)
		c.check("consent in time", a.hears(hello), "welcome")
		time.Sleep(time.Second)
		c.check("no consent in time", b.heard(), "4408")
	},
	"report": func(c *clockTrial) {
		for wait, want := range map[time.Duration]string{time.Minute - time.Second: "reported", time.Minute: "error stale_pair"} {
			a, b, pair := c.pair("text")
			b.end()
			a.expect("left")
			c.set()
			time.Sleep(wait)
			c.check("report "+wait.String()+" after the chat", a.hears(`{"type":"report","pair":"`+pair+`","reason":"spam"}`), want)
			a.end()
		}
	},
	"ledger": func(c *clockTrial) {
		a, b, pair := c.pair("text")
		a.hears(`{"type":"report","pair":"` + pair + `","reason":"spam"}`)
		a.end()
		b.end()
		c.set()
		time.Sleep(24*time.Hour - time.Second)
		c.check("reports before a day is over", len(c.Reports()), 1)
		time.Sleep(time.Second)
		c.check("reports after a day", len(c.Reports()), 0)
	},
	"mute": func(c *clockTrial) {
		a, _, pair := c.pair("text")
		text := func(body string) string {
			return a.hears(`{"type":"text","pair":"` + pair + `","id":"1","body":"` + body + `"}`)
		}
		c.check("a link", text("www.example.org"), "rejected filtered action")
		c.set()
		c.check("muted", text("hello"), "rejected muted")
		time.Sleep(10*time.Minute - time.Second)
		c.check("muted to the end", text("hello"), "rejected muted")
		time.Sleep(time.Second)
		c.check("no longer muted", text("hello"), "sent")
	},
	"work": func(c *clockTrial) {
		for range sessionsWithoutWork {
			c.visit("192.0.2.1")
		}
		a := c.visit("192.0.2.1")
		w := a.challenged()
		c.set()
		time.Sleep(2*time.Minute - time.Second)
		a.answer(w, w.nonce(true))
		c.check("find after an answer in time", a.hears(findText), "waiting")
		c.set()
		time.Sleep(10*time.Minute - time.Second)
		c.check("find while the work is good", a.hears(findText), "waiting")
		time.Sleep(time.Second)
		w = a.challenged()
		c.set()
		time.Sleep(2 * time.Minute)
		a.answer(w, w.nonce(true))
		c.check("an answer too late", a.heard(), "challenge error challenge_failed")
	},
	"paces": func(c *clockTrial) {
		a := c.visit("192.0.2.1")
		for range 12 {
			a.hears(findText)
		}
		c.set()
		c.check("find past the pace", a.hears(findText), "error rate_limited")
		time.Sleep(time.Second)
		c.check("find a second later", a.hears(findText), "waiting")

		for range 4 * 8 {
			if one, _, err := c.connect("192.0.2.2", nil); err == nil {
				one.end()
				time.Sleep(time.Millisecond)
			}
		}
		connect := func() int {
			_, response, err := c.connect("192.0.2.2", nil)
			if err == nil {
				return http.StatusSwitchingProtocols
			}
			return response.StatusCode
		}
		c.set()
		c.check("an upgrade past the pace", connect(), http.StatusTooManyRequests)
		time.Sleep(2 * time.Second)
		c.check("an upgrade two seconds later", connect(), http.StatusSwitchingProtocols)
	},
	"patience": func(c *clockTrial) {
		a, b := c.visit("192.0.2.1"), c.visit("192.0.2.2")
		a.hears(`{"type":"find","mode":"text","interests":["tea"]}`)
		b.hears(`{"type":"find","mode":"text","interests":["chess"]}`)
		c.set()
		time.Sleep(3*time.Second - time.Millisecond)
		c.check("before patience ends", a.heard()+b.heard(), "")
		time.Sleep(time.Millisecond)
		c.check("when it ends", a.heard()+b.heard(), "matchedmatched")
	},
	"credentials": func(c *clockTrial) {
		a := c.visit("192.0.2.1")
		c.set()
		time.Sleep(49 * time.Minute)
		c.check("fresh credentials, too early", a.heard(), "")
		time.Sleep(time.Minute + 21*time.Second)
		c.check("fresh credentials, in time", a.heard(), "ice")
	},
	"typing": func(c *clockTrial) {
		a, b, pair := c.pair("text")
		a.hears(`{"type":"typing","pair":"` + pair + `","on":true}`)
		c.set()
		time.Sleep(6*time.Second - time.Millisecond)
		c.check("the partner while it holds", b.heard(), "typing")
		time.Sleep(time.Millisecond)
		c.check("the partner when it is not repeated", b.heard(), "typing")
	},
}

// Trial P3: the clock is set, and nobody is let in, thrown out, silenced or heard for
// it.
func TestP3Clock(t *testing.T) {
	made, wrong := 0, 0
	for _, step := range []time.Duration{time.Hour, -time.Hour, 10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour} {
		for name, play := range clockTrials {
			t.Run(fmt.Sprint(name, step), func(t *testing.T) {
				c := &clockTrial{step: step}
				defer func() { made, wrong = made+c.made, wrong+c.wrong }()
				runWith(t, func(o *match.Options) {
					o.Now, o.SessionsPerAddressMax = c.clock.Now, sessionsWithoutWork+1
					o.Filter = match.Filter{Links: filter.Reject, MuteAfter: 1, MuteFor: 10 * time.Minute}
				}, func(t *testing.T, f *fixture) {
					c.fixture = f
					play(c)
				})
			})
		}
	}
	t.Logf("figure: %d decisions, %d wrong", made, wrong)
}
