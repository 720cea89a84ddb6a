package match_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// studio takes stills, of b's picture.
type studio struct {
	taken []match.Still
	full  bool
	asked int // how often what is held against b
}

// risk is nothing when b searches, and much when b is matched, a moment later.
func (s *studio) risk(of []netip.Addr) float64 {
	if of[0] != netip.MustParseAddr("192.0.2.2") {
		return 0
	}
	s.asked++
	return float64((s.asked + 1) % 2)
}

func (s *studio) take(still match.Still) bool {
	if s.full {
		return false
	}
	s.taken = append(s.taken, still)
	return true
}

// runStills is run with a hub that asks for stills of b's picture, the visitor at
// 192.0.2.2, every 10 s or so.
func runStills(t *testing.T, test func(t *testing.T, f *fixture, s *studio)) {
	t.Helper()
	s := &studio{}
	runWith(t, func(o *match.Options) {
		o.Risk = s.risk
		o.Snapshots = match.Snapshots{Every: 10 * time.Second, Take: s.take}
	}, func(t *testing.T, f *fixture) { test(t, f, s) })
}

var jpegBytes = append([]byte{0xff, 0xd8}, make([]byte, 1000)...)

// post posts a still and returns the answer's status.
func (f *fixture) post(from, token, kind string, body []byte) int {
	f.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://site.test/api/snapshots", bytes.NewReader(body))
	r.Header.Set("Test-Addr", from)
	r.Header.Set("Content-Type", kind)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	f.ServeSnapshot(w, r)
	return w.Code
}

// runLocal is runStills with viewers' browsers that look at stills themselves.
func runLocal(t *testing.T, test func(t *testing.T, f *fixture, s *studio)) {
	t.Helper()
	s := &studio{}
	runWith(t, func(o *match.Options) {
		o.Risk = s.risk
		o.Snapshots = match.Snapshots{Every: 10 * time.Second, Take: s.take, Local: localLook()}
	}, func(t *testing.T, f *fixture) { test(t, f, s) })
}

func localLook() *match.Local {
	return &match.Local{
		Labels: []string{"drawing", "neutral", "porn"},
		Veil:   map[string]float64{"porn": 0.85, "drawing": 0.5},
		Post:   map[string]float64{"porn": 0.9},
	}
}

// postClaim posts a still as a browser does that looked at it, and returns the answer's
// status.
func (f *fixture) postClaim(from, token, claim string) int {
	f.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://site.test/api/snapshots", bytes.NewReader(jpegBytes))
	r.Header.Set("Test-Addr", from)
	r.Header.Set("Content-Type", "image/jpeg")
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set(match.ClaimHeader, claim)
	w := httptest.NewRecorder()
	f.ServeSnapshot(w, r)
	return w.Code
}

// A viewer's browser that looks itself is told what for. One that posts nothing is not
// late; only after it posted something is the subject asked for a still of their own.
func TestLocalStills(t *testing.T) {
	runLocal(t, func(t *testing.T, f *fixture, s *studio) {
		a, b, pair := f.pair("video")
		first := a.expect("snapshot")
		if first.Of != "partner" || first.Look == nil || first.Look.Veil["drawing"] != 0.5 || first.Look.Post["porn"] != 0.9 {
			t.Errorf("a is asked for %+v", first)
		}
		a.expect("snapshot")
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if got := f.Stats().Stills; got["kept"] == 0 || got["late"] != 0 {
			t.Errorf("after nothing was posted, counted %v", got)
		}
		for len(a.messages) > 0 {
			a.expect("snapshot")
		}
		again := a.expect("snapshot") // a fresh one: those may be too old by now
		if len(b.messages) != 0 {
			t.Errorf("b was told something: %+v", <-b.messages)
		}
		posted := time.Now().UTC()
		if status := f.postClaim("192.0.2.1", again.Token, "porn=0.901, drawing=0.05"); status != http.StatusAccepted {
			t.Fatalf("status %d", status)
		}
		own := b.expect("snapshot")
		if own.Of != "self" || own.Look != nil || own.Pair != pair || !own.Expires.Equal(posted.Add(10*time.Second)) {
			t.Errorf("b is asked for %+v", own)
		}
		if status := f.post("192.0.2.2", own.Token, "image/jpeg", jpegBytes); status != http.StatusAccepted {
			t.Errorf("b's own: status %d", status)
		}
		if len(s.taken) != 2 {
			t.Fatalf("%d stills were taken", len(s.taken))
		}
		one, two := s.taken[0], s.taken[1]
		if one.Self || !two.Self || one.Moment != two.Moment || !one.At.Equal(posted) || one.Claim["porn"] != 0.901 || two.Claim != nil {
			t.Errorf("taken %+v, %+v", one, two)
		}
	})
}

// Who posts a still without having found something in it that it is wanted for, is
// refused, and nobody is asked for anything because of it.
func TestClaimsAreChecked(t *testing.T) {
	runLocal(t, func(t *testing.T, f *fixture, s *studio) {
		a, b, _ := f.pair("video")
		for name, claim := range map[string]string{
			"nothing":           "",
			"too little":        "porn=0.899, drawing=1",
			"another label":     "porn=0.95, under-18=0.9",
			"what is no number": "porn=NaN",
		} {
			if status := f.postClaim("192.0.2.1", a.expect("snapshot").Token, claim); status != http.StatusUnprocessableEntity {
				t.Errorf("%s: status %d", name, status)
			}
		}
		synctest.Wait()
		if len(s.taken) != 0 || len(b.messages) != 0 {
			t.Errorf("%d stills were taken, b was told %d times", len(s.taken), len(b.messages))
		}
		// The chat may be over when something was found, and then there is nobody to ask.
		m := a.expect("snapshot")
		b.send(`{"type":"leave"}`)
		a.expect("left")
		if status := f.postClaim("192.0.2.1", m.Token, "porn=1"); status != http.StatusAccepted || len(s.taken) != 1 {
			t.Errorf("after the end: status %d, %d stills were taken", status, len(s.taken))
		}
		synctest.Wait()
		if len(b.messages) != 0 {
			t.Errorf("b was told %+v", <-b.messages)
		}
	})
}

// Both are asked at once, and what they post is taken, once.
func TestStillsAreTaken(t *testing.T) {
	runStills(t, func(t *testing.T, f *fixture, s *studio) {
		a, b, pair := f.pair("video")
		seen, sent := a.expect("snapshot"), b.expect("snapshot")
		if seen.Of != "partner" || sent.Of != "self" || seen.Pair != pair || seen.Token == sent.Token || !seen.Expires.Equal(time.Now().Add(10*time.Second)) {
			t.Errorf("a is asked for %+v, b for %+v", seen, sent)
		}
		for _, post := range []struct {
			from, token string
		}{{"192.0.2.1", seen.Token}, {"192.0.2.2", sent.Token}} {
			if status := f.post(post.from, post.token, "image/jpeg", jpegBytes); status != http.StatusAccepted {
				t.Errorf("status %d", status)
			}
			if status := f.post(post.from, post.token, "image/jpeg", jpegBytes); status != http.StatusUnauthorized {
				t.Errorf("the second time: status %d", status)
			}
		}
		if len(s.taken) != 2 {
			t.Fatalf("%d stills were taken", len(s.taken))
		}
		one, two := s.taken[0], s.taken[1]
		subject := mustSession(t, b.welcome.Session)
		if one.Self || !two.Self || one.Moment != two.Moment || one.Subject != subject || two.Subject != subject || one.Viewer != mustSession(t, a.welcome.Session) || !bytes.Equal(one.JPEG, jpegBytes) ||
			!slices.Equal(one.Viewers, []netip.Addr{netip.MustParseAddr("192.0.2.1")}) || !slices.Equal(two.Subjects, []netip.Addr{netip.MustParseAddr("192.0.2.2")}) {
			t.Errorf("taken %+v, %+v", one, two)
		}
		again := a.expect("snapshot")
		b.expect("snapshot")
		s.full = true
		if status := f.post("192.0.2.1", again.Token, "image/jpeg", jpegBytes); status != http.StatusAccepted {
			t.Errorf("without room: status %d, want what it is with room", status)
		}
		if got := f.Stats().Stills; got["taken"] != 2 || got["dropped"] != 1 || got["refused"] != 2 {
			t.Errorf("counted %v", got)
		}
	})
}

// A still that nobody asked for, that is late, or that is none, is refused before it is
// read, and so is one from a banned address.
func TestStillsAreRefused(t *testing.T) {
	runStills(t, func(t *testing.T, f *fixture, s *studio) {
		a, b, _ := f.pair("video")
		for name, test := range map[string]struct {
			from, token, kind string
			body              []byte
			status            int
		}{
			"without a token": {"192.0.2.1", "", "image/jpeg", jpegBytes, http.StatusUnauthorized},
			"made up":         {"192.0.2.1", strings.Repeat("x", 43), "image/jpeg", jpegBytes, http.StatusUnauthorized},
			"another type":    {"192.0.2.1", "asked", "image/png", jpegBytes, http.StatusUnsupportedMediaType},
			"too large":       {"192.0.2.1", "asked", "image/jpeg", append(jpegBytes, make([]byte, 64<<10)...), http.StatusRequestEntityTooLarge},
			"no JPEG":         {"192.0.2.1", "asked", "image/jpeg", []byte("<svg/>"), http.StatusRequestEntityTooLarge},
			"empty":           {"192.0.2.1", "asked", "image/jpeg", nil, http.StatusRequestEntityTooLarge},
			"late":            {"192.0.2.1", "late", "image/jpeg", jpegBytes, http.StatusUnauthorized},
			"banned":          {"192.0.2.9", "asked", "image/jpeg", jpegBytes, http.StatusForbidden},
		} {
			m := a.expect("snapshot")
			b.expect("snapshot")
			f.ban("192.0.2.9")
			token := test.token
			switch token {
			case "asked":
				token = m.Token
			case "late":
				token = m.Token
				time.Sleep(10*time.Second + time.Millisecond)
			}
			if status := f.post(test.from, token, test.kind, test.body); status != test.status {
				t.Errorf("%s: status %d, want %d", name, status, test.status)
			}
			for { // those that were asked for meanwhile
				synctest.Wait()
				if len(a.messages) == 0 {
					break
				}
				a.expect("snapshot")
				b.expect("snapshot")
			}
		}
		if len(s.taken) != 0 {
			t.Errorf("%d stills were taken", len(s.taken))
		}
		r := httptest.NewRequest(http.MethodGet, "http://site.test/api/snapshots", nil)
		w := httptest.NewRecorder()
		if f.ServeSnapshot(w, r); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET: status %d", w.Code)
		}
	})
}

// unasked lets time pass, in which none of them is asked for a still.
func unasked(clients ...*client) {
	time.Sleep(15 * time.Second)
	synctest.Wait()
	for _, c := range clients {
		for len(c.messages) > 0 {
			m := <-c.messages
			if c.seen = m.Seq; m.Type == "snapshot" {
				c.f.t.Errorf("asked for %+v", m)
			}
		}
	}
}

// Nobody is asked in a text chat, after the end, or where nothing is looked at; and what
// was asked for is forgotten when its time is over.
func TestStillsEndWithTheChat(t *testing.T) {
	runStills(t, func(t *testing.T, f *fixture, s *studio) {
		a, b, _ := f.pair("text")
		unasked(a)
		a.send(`{"type":"leave"}`)
		b.expect("left")
		s.asked = 0
		a.send(`{"type":"find","mode":"video"}`)
		a.expect("waiting")
		c := f.visit("192.0.2.2")
		c.send(`{"type":"find","mode":"video"}`)
		c.expect("matched")
		a.expect("matched")
		a.expect("snapshot")
		c.expect("snapshot")
		c.send(`{"type":"leave"}`)
		a.expect("left")
		unasked(a, c)
		if got := f.Stats().Stills["late"]; got != 2 {
			t.Errorf("%d stills are late, want 2", got)
		}
	})
}

// All pictures are looked at, or none.
func TestShareOfPictures(t *testing.T) {
	for share, want := range map[float64]int{0: 0, 1: 4} {
		runWith(t, func(o *match.Options) {
			o.Snapshots = match.Snapshots{Share: share, Every: 2 * time.Second, Take: (&studio{}).take}
		}, func(t *testing.T, f *fixture) {
			a, b, _ := f.pair("video")
			time.Sleep(2*time.Second + time.Millisecond)
			synctest.Wait()
			if asked := len(a.messages) + len(b.messages); asked != want {
				t.Errorf("share %v: asked %d times, want %d", share, asked, want)
			}
		})
	}
}

// A picture is hidden, and a chat ended, as long as it is that chat.
func TestBlurAndEndChat(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, name := f.pair("video")
		pair, subject := mustPair(t, name), mustSession(t, b.welcome.Session)
		if !f.Blur(pair, subject, "nudity") {
			t.Error("not blurred")
		}
		if m := a.expect("action"); m.Do != "blur" || m.Reason != "nudity" || m.Pair != name {
			t.Errorf("a is told %+v", m)
		}
		if !f.EndChat(pair, subject) {
			t.Error("not ended")
		}
		for _, c := range []*client{a, b} {
			if m := c.expect("left"); m.Reason != "moderated" || m.Pair != name {
				t.Errorf("told %+v", m)
			}
		}
		if f.Blur(pair, subject, "nudity") || f.EndChat(pair, subject) {
			t.Error("a chat that is over was blurred or ended")
		}
	})
}
