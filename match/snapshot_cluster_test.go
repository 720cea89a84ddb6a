package match_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// passing passes stills from hub to hub, and counts how much.
type passing struct {
	c *hubs

	mu       sync.Mutex // guards what follows
	to       string
	requests int
	bytes    int64
	down     bool
	hold     chan struct{} // nil: nobody waits
}

// RoundTrip implements http.RoundTripper.
func (p *passing) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.hold != nil {
		<-p.hold
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return nil, errors.New("it is gone")
	}
	p.requests++
	p.bytes += max(0, r.ContentLength)
	w := httptest.NewRecorder()
	p.c.nodes[p.to].TakeSnapshot(w, r)
	return w.Result(), nil
}

// A still is posted to the hub of a browser's socket, and taken by the one that asked for it.
func TestStillsOfAnotherHub(t *testing.T) {
	studios, pass := map[string]*studio{"n1": {}, "n2": {}}, &passing{}
	runHubs(t, []string{"n1", "n2"}, func(name string, o *match.Options) {
		s := studios[name]
		o.Snapshots = match.Snapshots{Share: 1, Every: 2 * time.Second, Take: s.take, Elsewhere: func(node string) http.RoundTripper {
			if name != "n1" {
				t.Errorf("%s passes a still on", name)
			}
			pass.mu.Lock()
			defer pass.mu.Unlock()
			pass.to = node
			return pass
		}}
	}, func(t *testing.T, c *hubs) {
		pass.c = c
		n1 := c.nodes["n1"]
		a, b := n1.visit("192.0.2.1"), c.nodes["n2"].visit("192.0.2.2")
		c.meet("video", a, b)
		var tokens []string
		for range 2 { // of a's picture, and of b's
			tokens = append(tokens, a.expect("snapshot").Token)
		}
		b.expect("snapshot")
		b.expect("snapshot")
		if !strings.HasPrefix(tokens[0], "tag-n2.") {
			t.Fatalf("token %s", tokens[0])
		}
		const from = "192.0.2.1"
		if got := n1.post(from, "tag-n2.madeup", "image/jpeg", jpegBytes); got != http.StatusUnauthorized {
			t.Errorf("a made-up token: %d", got)
		}
		if got := n1.post(from, tokens[0], "image/png", jpegBytes); got != http.StatusUnsupportedMediaType {
			t.Errorf("another type: %d", got)
		}
		if pass.bytes != 0 {
			t.Errorf("%d bytes were passed on for nothing", pass.bytes)
		}
		if got := n1.post(from, tokens[0], "image/jpeg", jpegBytes); got != http.StatusAccepted {
			t.Errorf("a still: %d", got)
		}
		if got := n1.post(from, tokens[0], "image/jpeg", jpegBytes); got != http.StatusUnauthorized {
			t.Errorf("twice: %d", got)
		}
		if got := n1.post(from, tokens[1], "image/jpeg", make([]byte, 65<<10)); got != http.StatusRequestEntityTooLarge {
			t.Errorf("a large one: %d", got)
		}
		pass.down = true
		if got := n1.post(from, tokens[1], "image/jpeg", jpegBytes); got != http.StatusServiceUnavailable {
			t.Errorf("to a hub that is gone: %d", got)
		}
		pass.hold = make(chan struct{})
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { n1.post(from, "tag-n2.madeup", "image/jpeg", jpegBytes) })
		}
		synctest.Wait()
		if got := n1.post(from, tokens[1], "image/jpeg", jpegBytes); got != http.StatusServiceUnavailable {
			t.Errorf("one too many: %d", got)
		}
		close(pass.hold)
		all.Wait()
		c.ban("n1", from)
		pass.down, pass.requests = false, 0
		if got := n1.post(from, tokens[1], "image/jpeg", jpegBytes); got != http.StatusForbidden || pass.requests != 0 {
			t.Errorf("of a banned address: %d, and %d requests", got, pass.requests)
		}
		if taken := studios["n2"].taken; len(studios["n1"].taken) != 0 || len(taken) != 1 || len(taken[0].JPEG) != len(jpegBytes) ||
			taken[0].Viewer.String() != a.welcome.Session && taken[0].Subject.String() != a.welcome.Session {
			t.Errorf("taken: %d and %+v", len(studios["n1"].taken), taken)
		}
	})
}
