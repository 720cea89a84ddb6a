package match_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goclient "github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

// Trial P5: visitors come and go, in every way, over real sockets and under the
// race detector where that is on. When they are gone, so is all they took. How
// long is up to JOINGYD_SOAK, a duration; `make soak` asks for an hour.
func TestP5Churn(t *testing.T) {
	length := 4 * time.Second
	if text := os.Getenv("JOINGYD_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil || length <= 0 {
			t.Fatalf("JOINGYD_SOAK: %q is not a duration, such as 1h", text)
		}
	}
	s := newSite(t, func(o *match.Options) { o.ResumeGrace = 200 * time.Millisecond })
	churn(s, time.Second) // what is made once, and maps that grow to their size
	before := measure(s, nil)
	counts := churn(s, length)
	after := measure(s, &before)
	if after.goroutines > before.goroutines || after.descriptors > before.descriptors {
		t.Errorf("%+v after %+v", after, before)
	}
	if after.heap-before.heap > heapSlack {
		t.Errorf("the live heap grew from %d KiB to %d KiB", before.heap>>10, after.heap>>10)
	}
	t.Logf("figure: after %v, %s: goroutines %+d, descriptors %+d, live heap %+d KiB", length, counts,
		after.goroutines-before.goroutines, after.descriptors-before.descriptors, (after.heap-before.heap)>>10)
}

// heapSlack is how many bytes the live heap may differ without being a leak: maps
// keep the size they had with the largest crowd.
const heapSlack = 512 << 10

// usage is what the process holds when nobody is there.
type usage struct{ goroutines, descriptors, heap int }

// measure waits until goroutines and descriptors are within a limit or, without
// one, stand still: the last connections end by themselves once nobody is there.
func measure(s *site, limit *usage) (u usage) {
	s.eventually("everybody is gone", func() bool { return s.Online() == 0 })
	for range 200 {
		before := u
		u = usage{runtime.NumGoroutine(), descriptors(), 0}
		if limit == nil && u == before || limit != nil && u.goroutines <= limit.goroutines && u.descriptors <= limit.descriptors {
			break
		}
		<-time.After(100 * time.Millisecond)
	}
	u.heap = liveHeap()
	return u
}

// descriptors counts those of the process; 0 where there is no Linux to tell.
func descriptors() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}

// tally is what happened, for the figure.
type tally struct{ visits, chats, texts, resumes, bans, kicks atomic.Int64 }

func (c *tally) String() string {
	return fmt.Sprintf("%d visits, %d chats, %d texts, %d resumes, %d bans, %d kicks",
		c.visits.Load(), c.chats.Load()/2, c.texts.Load(), c.resumes.Load(), c.bans.Load(), c.kicks.Load())
}

// churn lets visitors come and go for a while.
func churn(s *site, length time.Duration) *tally {
	const crowd = 64
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	counts := new(tally)
	var visitors sync.WaitGroup
	for i := range crowd {
		visitors.Go(func() {
			v := &churner{s: s, counts: counts, addr: addr(i), random: rand.New(rand.NewPCG(uint64(i), 5))}
			for ctx.Err() == nil {
				if err := v.visit(ctx); err != nil && ctx.Err() == nil {
					s.t.Errorf("visitor %d: %v", i, err)
					return
				}
			}
		})
	}
	visitors.Wait()
	if counts.chats.Load() == 0 || counts.texts.Load() == 0 {
		s.t.Errorf("nothing went on: %v", counts)
	}
	return counts
}

// churner is somebody who comes again and again, from one address.
type churner struct {
	s      *site
	counts *tally
	addr   netip.Addr
	random *rand.Rand
	conn   *goclient.Conn
	pair   string
	over   bool // the daemon ends the session: an error is expected
}

// errEnough ends a visit that has done what one session may in a while.
var errEnough = errors.New("enough")

// one reports true once in n times.
func (v *churner) one(n int) bool { return v.random.IntN(n) == 0 }

// visit is one session, from hello to its end.
func (v *churner) visit(ctx context.Context) error {
	conn, err := goclient.Dial(ctx, goclient.Options{URL: v.s.url, Policy: "v1", Header: http.Header{"Test-Addr": {v.addr.String()}}})
	if err != nil {
		return err
	}
	v.counts.visits.Add(1)
	v.conn, v.pair, v.over = conn, "", false
	defer conn.CloseNow()
	if err := v.find(ctx); err != nil {
		return err
	}
	for range 10 + v.random.IntN(30) {
		m, err := v.conn.Receive(ctx)
		if err == nil {
			err = v.answer(ctx, m)
		}
		switch {
		case errors.Is(err, errEnough) || v.over && err != nil:
			return nil
		case err != nil:
			return err
		}
	}
	if v.one(2) {
		return nil // cut: the session ends by itself
	}
	v.conn.Close()
	return nil
}

func (v *churner) send(ctx context.Context, fields map[string]any) error {
	return v.conn.Send(ctx, fields)
}

func (v *churner) find(ctx context.Context) error {
	interests := []string{fmt.Sprint("interest ", v.random.IntN(20)), fmt.Sprint("interest ", v.random.IntN(100))}
	return v.send(ctx, map[string]any{"type": "find", "mode": "text", "interests": interests})
}

func (v *churner) say(ctx context.Context) error {
	return v.send(ctx, map[string]any{"type": "text", "pair": v.pair, "id": "1", "body": "hello"})
}

// answer does something about a message, or something else.
func (v *churner) answer(ctx context.Context, m goclient.Message) error {
	switch m.Type {
	case "matched":
		v.counts.chats.Add(1)
		v.pair = m.Pair
		return v.say(ctx)
	case "left":
		v.pair = ""
		return v.find(ctx)
	case "error", "rejected":
		switch m.Code {
		case "stale_pair": // what it said last met the end of the chat
			return nil
		case "rate_limited":
			return errEnough
		}
		return fmt.Errorf("got %+v", m)
	case "text":
		v.counts.texts.Add(1)
		if m.Pair != v.pair || m.Body != "hello" { // nothing of another chat
			return fmt.Errorf("a text of another chat: %+v", m)
		}
	case "sent", "typing", "reported":
	default:
		return nil
	}
	switch {
	case v.pair == "":
		return nil // about a chat that is over
	case v.one(12):
		return v.resume(ctx)
	case v.one(12):
		return v.find(ctx) // Next
	case v.one(12):
		return errors.Join(v.send(ctx, map[string]any{"type": "leave"}), v.find(ctx))
	case v.one(12):
		return v.send(ctx, map[string]any{"type": "report", "pair": v.pair, "reason": "spam", "block": true})
	case v.one(40):
		v.counts.bans.Add(1)
		v.over = true
		v.s.ban(v.addr, true)
		defer v.s.ban(v.addr, false)
		if v.s.EnforceBans(func(a netip.Addr) bool { return a == v.addr }) == 0 {
			return errors.New("a ban ended no session")
		}
	case v.one(40):
		v.counts.kicks.Add(1)
		v.over = true
		id, err := ident.ParseSession(v.conn.Welcome().Session)
		if err != nil || !v.s.Kick(id, "") {
			return fmt.Errorf("no session to kick: %w", err)
		}
	case v.one(3):
		return v.send(ctx, map[string]any{"type": "typing", "pair": v.pair, "on": v.one(2)})
	default:
		return v.say(ctx)
	}
	return nil
}

// resume loses the socket and comes back, in time or not.
func (v *churner) resume(ctx context.Context) error {
	v.counts.resumes.Add(1)
	v.conn.CloseNow()
	if v.one(4) {
		<-time.After(300 * time.Millisecond) // the session is over by then
	}
	same, err := v.conn.Resume(ctx)
	if err == nil && !same {
		v.pair = ""
		err = v.find(ctx)
	}
	return err
}
