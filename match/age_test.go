package match_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// wicket admits passes that are the time at which they end.
type wicket struct{}

func (wicket) challenge(now time.Time) any {
	return map[string]any{"url": "https://age.example/start?state=x", "state": "x", "nonce": "y", "expires": now.Add(10 * time.Minute).UTC()}
}

func (wicket) admit(data json.RawMessage, now time.Time) error {
	var answer struct{ Pass string }
	if err := json.Unmarshal(data, &answer); err != nil {
		return err
	}
	var ends time.Time
	if err := ends.UnmarshalText([]byte(answer.Pass)); err != nil {
		return errors.New("pass: not ours")
	}
	if !now.Before(ends) {
		return errors.New("pass: expired")
	}
	return nil
}

// proving returns options of a hub that asks for proof of age.
func proving(video, text bool) func(*match.Options) {
	return func(o *match.Options) {
		o.SessionsPerAddressMax = 12
		o.Age = match.Age{Video: video, Text: text, Challenge: wicket{}.challenge, Admit: wicket{}.admit}
	}
}

// mustProve sends a find, which must be challenged.
func (c *client) mustProve(mode string) {
	c.f.t.Helper()
	c.send(`{"type":"find","mode":"` + mode + `"}`)
	if m := c.expect("challenge"); m.Kind != "age" || !json.Valid(m.Data) {
		c.f.t.Fatalf("challenge = %+v", m)
	}
	if m := c.expect("error"); m.Code != "challenge_required" || m.Re != "find" || m.Detail == "" {
		c.f.t.Fatalf("error = %+v", m)
	}
}

// show answers with a pass that ends after so long, which must get the code; "": none.
func (c *client) show(lasts time.Duration, code string) {
	c.f.t.Helper()
	ends, err := time.Now().Add(lasts).MarshalText()
	if err != nil {
		c.f.t.Fatal(err)
	}
	c.answerAge(`{"pass":"`+string(ends)+`"}`, code)
}

func (c *client) answerAge(data, code string) {
	c.f.t.Helper()
	c.send(`{"type":"answer","kind":"age","data":` + data + `}`)
	if code == "" {
		c.quiet()
	} else if m := c.expect("error"); m.Code != code || m.Re != "answer" || m.Detail == "" {
		c.f.t.Fatalf("%s: error = %+v, want %s", data, m, code)
	}
}

// passes checks what the hub counted.
func (f *fixture) passes(want map[string]uint64) {
	f.t.Helper()
	got := f.Stats().Passes
	for _, outcome := range match.PassOutcomes() {
		if got[outcome] != want[outcome] {
			f.t.Errorf("passes %s: %d, want %d", outcome, got[outcome], want[outcome])
		}
	}
}

func TestWhichSearchesNeedAPass(t *testing.T) {
	for _, test := range []struct{ video, text bool }{{false, false}, {true, false}, {true, true}} {
		runWith(t, proving(test.video, test.text), func(t *testing.T, f *fixture) {
			for mode, asked := range map[string]bool{"video": test.video, "text": test.text} {
				c := f.visit("192.0.2.1")
				if asked {
					c.mustProve(mode)
					c.mustProve(mode)
					c.show(time.Hour, "")
				}
				c.send(`{"type":"find","mode":"` + mode + `"}`)
				c.expect("waiting")
			}
			if !test.video {
				c := f.visit("192.0.2.1")
				c.answerAge(`{"pass":"x"}`, "bad_message")
			}
		})
	}
}

// One pass will do for as long as the session lives, over sockets, searches and
// beyond its own end.
func TestPassLastsAsTheSession(t *testing.T) {
	runWith(t, proving(true, true), func(t *testing.T, f *fixture) {
		c := f.visit("192.0.2.1")
		c.show(time.Minute, "") // before it is asked for
		c.show(-time.Minute, "")
		c.send(`{"type":"find","mode":"video"}`)
		c.expect("waiting")
		c.conn.CloseNow()
		synctest.Wait()
		time.Sleep(10 * time.Second)
		again := f.mustConnect("192.0.2.9")
		again.seen = c.seen
		again.send(`{"type":"hello","resume":"` + c.welcome.Resume + `","ack":` + jsonNumber(c.seen) + `}`)
		again.expect("welcome")
		time.Sleep(time.Hour)
		again.send(`{"type":"find","mode":"text"}`)
		for m := range again.messages {
			if m.Type == "waiting" {
				break
			} else if m.Type != "online" && m.Type != "ice" {
				t.Fatalf("got %+v", m)
			}
		}
		f.passes(map[string]uint64{"admitted": 1})

		other := f.visit("192.0.2.1") // another session is asked anew
		other.mustProve("video")
	})
}

func TestPassThatIsNone(t *testing.T) {
	runWith(t, proving(true, false), func(t *testing.T, f *fixture) {
		c := f.visit("192.0.2.1")
		for _, data := range []string{`null`, `5`, `"x"`, `{}`, `{"pass":7}`, `{"pass":""}`} {
			c.answerAge(data, "bad_message")
		}
		c.send(`{"type":"answer","kind":"age"}`)
		if m := c.expect("error"); m.Code != "bad_message" {
			t.Errorf("without data: %+v", m)
		}
		c.answerAge(`{"pass":"forged"}`, "pass_refused")
		c.mustProve("video")
		c.show(-time.Second, "pass_refused")
		c.show(0, "pass_refused")
		c.mustProve("video")
		c.send(`{"type":"find","mode":"text"}`) // which needs none
		c.expect("waiting")
		f.passes(map[string]uint64{"issued": 2, "refused": 3})
		f.denied(map[string]uint64{"age": 2})
	})
}

// A pass that is given away serves three at once, and one more when one has left.
func TestPassIsNoCrowds(t *testing.T) {
	runWith(t, proving(true, false), func(t *testing.T, f *fixture) {
		const lasts = 24 * time.Hour
		ends, _ := time.Now().Add(lasts).MarshalText()
		pass := fmt.Sprintf(`{"pass":%q}`, ends)
		var three []*client
		for range 3 {
			c := f.visit("192.0.2.1")
			c.answerAge(pass, "")
			three = append(three, c)
		}
		fourth := f.visit("192.0.2.4")
		fourth.answerAge(pass, "pass_in_use")
		fourth.mustProve("video")

		three[0].conn.CloseNow() // and may come back
		synctest.Wait()
		fourth.answerAge(pass, "pass_in_use")
		time.Sleep(15 * time.Second)
		synctest.Wait()
		fourth.answerAge(pass, "")
		fifth := f.visit("192.0.2.5")
		fifth.answerAge(pass, "pass_in_use")
		fifth.show(2*lasts, "") // one of its own
		f.passes(map[string]uint64{"issued": 1, "admitted": 5, "in_use": 3})
	})
}

// Who has work to do does that first, and who is banned from video chats is not sent
// for a proof in vain.
func TestAgeComesLast(t *testing.T) {
	runWith(t, proving(true, true), func(t *testing.T, f *fixture) {
		for range 3 {
			f.visit("192.0.2.1")
		}
		c := f.visit("192.0.2.1")
		w := c.challenged()
		c.answer(w, w.nonce(true))
		c.mustProve("text")
		c.show(time.Hour, "")
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")

		f.mu.Lock()
		f.noVideo[netip.MustParseAddr("192.0.2.2")] = match.Ban{Reason: "x"}
		f.mu.Unlock()
		banned := f.visit("192.0.2.2")
		banned.send(`{"type":"find","mode":"video"}`)
		if m := banned.expect("error"); m.Code != "video_banned" {
			t.Errorf("got %+v", m)
		}
	})
}

func TestRedemptionsArePaced(t *testing.T) {
	runWith(t, proving(true, false), func(t *testing.T, f *fixture) {
		addr := netip.MustParseAddr("192.0.2.1")
		for i := range 8 {
			if wait := f.RedemptionWait(addr); wait != 0 {
				t.Fatalf("the %dth must wait %v", i+1, wait)
			}
		}
		wait := f.RedemptionWait(addr)
		if wait < 5*time.Second || f.RedemptionWait(netip.MustParseAddr("192.0.2.2")) != 0 {
			t.Errorf("wait %v, or another address has to", wait)
		}
		f.denied(map[string]uint64{"redemption_rate": 1})
		time.Sleep(wait + time.Minute)
		if f.RedemptionWait(addr) != 0 {
			t.Error("it must wait still")
		}
	})
}
