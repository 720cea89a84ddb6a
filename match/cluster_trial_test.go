package match_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// guestbook is many visitors of several hubs, and what they did and were told.
type guestbook struct {
	*hubs
	random *rand.Rand
	people []*person

	mu      sync.Mutex // guards what follows, and the people
	history history
}

// person is a visitor who reads all, and comes back to a session as long as that is possible.
type person struct {
	book *guestbook
	name string
	addr string

	conn    *client // nil: offline
	greeted bool    // there
	session string
	resume  string
	seen    uint64
	pair    string
	waiting bool
	line    int
}

func (b *guestbook) note(d deed) {
	d.at = time.Now().Format("04:05.000")
	b.history.deeds = append(b.history.deeds, d)
}

// come connects to a hub, and to the session there was if there is one.
func (p *person) come(n *node) {
	c, _, err := n.connect(p.addr, http.Header{"Origin": {"http://site.test"}})
	if err != nil {
		return
	}
	p.book.mu.Lock()
	p.conn, p.greeted = c, false
	hello, _ := json.Marshal(map[string]any{
		"type": "hello", "consent": map[string]any{"policy": "v1", "adult": true}, "resume": p.resume, "ack": p.seen,
	})
	p.book.mu.Unlock()
	c.conn.Write(n.t.Context(), 1, hello) //nolint:errcheck // it may be gone
	p.book.work.Go(func() {
		for m := range c.messages {
			p.hear(c, m)
		}
		p.book.mu.Lock()
		defer p.book.mu.Unlock()
		if p.conn == c {
			p.conn = nil
		}
	})
}

// hear takes note of a message.
func (p *person) hear(c *client, m message) {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	if p.conn != c {
		return // what an old socket still brings comes again
	}
	if m.Type == "welcome" && m.Session != p.session && m.Seq == 1 {
		if p.session != "" {
			p.book.note(deed{session: p.session, what: "over"})
		}
		p.session, p.seen, p.pair, p.waiting = m.Session, 0, "", false
	}
	if m.Seq == 0 {
		return
	}
	p.seen = m.Seq
	d := deed{session: p.session, what: m.Type, pair: m.Pair, seq: m.Seq, order: m.Order, body: m.Body}
	switch m.Type {
	case "welcome":
		p.greeted = true
		p.resume = m.Resume
	case "waiting":
		p.waiting, p.pair = true, ""
	case "matched":
		p.waiting, p.pair = false, m.Pair
	case "left":
		if m.Pair == p.pair {
			p.pair = ""
		}
	case "sent":
		d.pair, _, _ = strings.Cut(m.ID, "/")
	case "error":
		if m.Code != "stale_pair" && m.Code != "not_paired" && m.Code != "rate_limited" {
			p.book.t.Errorf("%s got %+v", p.name, m)
		}
		if m.Re == "find" {
			p.waiting = false
		}
	}
	p.book.note(d)
}

// do sends a message, if there is a socket.
func (p *person) do(kind string) {
	p.book.mu.Lock()
	c, session, pair := p.conn, p.session, p.pair
	if c == nil || !p.greeted || kind == "text" && pair == "" {
		p.book.mu.Unlock()
		return
	}
	text := `{"type":"` + kind + `"}`
	switch kind {
	case "find":
		text = findText
		p.book.note(deed{session: session, what: kind})
	case "leave":
		p.book.note(deed{session: session, what: kind})
		p.pair, p.waiting = "", false
	case "text":
		p.line++
		text = fmt.Sprintf(`{"type":"text","pair":"%s","id":"%s/%d","body":"%s %d"}`, pair, pair, p.line, p.name, p.line)
	}
	p.book.mu.Unlock()
	c.conn.Write(p.book.t.Context(), 1, []byte(text)) //nolint:errcheck // it may be gone
}

func (p *person) state() (online, chatting bool) {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	return p.conn != nil, p.pair != ""
}

// anywhere returns a hub that is there.
func (b *guestbook) anywhere() *node {
	b.hubs.mu.Lock()
	defer b.hubs.mu.Unlock()
	return b.nodes[threeNodes[b.random.IntN(len(threeNodes))]]
}

// step has a random visitor do something, or breaks something for a while.
func (b *guestbook) step() {
	p := b.people[b.random.IntN(len(b.people))]
	online, chatting := p.state()
	switch n := b.random.IntN(100); {
	case !online:
		if at := b.anywhere(); at != nil {
			p.come(at)
		}
	case n < 50 && chatting:
		p.do("text")
	case n < 75 && !chatting:
		p.do("find")
	case n < 80:
		p.do("find")
	case n < 84:
		p.do("leave")
	case n < 90:
		b.mu.Lock()
		c := p.conn
		p.conn = nil
		b.mu.Unlock()
		if c != nil {
			c.conn.CloseNow()
		}
	case n < 91:
		b.set(func(c *hubs) { c.lossy = []float64{0, 0.02, 0.3}[b.random.IntN(3)] })
	case n < 92:
		name := threeNodes[b.random.IntN(len(threeNodes))]
		b.set(func(c *hubs) {
			if c.cut[name] = !c.cut[name]; !c.cut[name] {
				delete(c.cut, name)
			}
		})
	case n < 93:
		b.set(func(c *hubs) { c.away = b.random.IntN(4) == 0 })
	case n < 95:
		if at := b.anywhere(); at != nil {
			b.drain(at.name, b.random.IntN(2) == 0)
		}
	}
	time.Sleep(time.Duration(b.random.Int64N(int64(120 * time.Millisecond))))
}

// heal makes the network whole again, and opens all hubs.
func (b *guestbook) heal() {
	b.set(func(c *hubs) { clear(c.cut); c.lossy, c.away = 0, false })
	for name := range b.nodes {
		b.drain(name, false)
	}
}

// reoffer does what a node does that has lost the shared pool for a while.
func (b *guestbook) reoffer() {
	b.hubs.mu.Lock()
	b.offers = nil
	nodes := maps.Clone(b.nodes)
	b.hubs.mu.Unlock()
	for _, n := range nodes {
		n.mu.Lock()
		waiting := slices.Collect(maps.Keys(n.wait))
		n.mu.Unlock()
		for _, id := range waiting {
			n.Renew(id)
		}
	}
}

// allMeet has everybody come and meet somebody, which must work by now.
func (b *guestbook) allMeet() (stuck int) {
	for _, p := range b.people {
		p.do("leave")
	}
	b.settle() // what crossed it has come
	b.mu.Lock()
	for _, p := range b.people {
		p.pair, p.waiting = "", false
	}
	b.mu.Unlock()
	for range 120 {
		stuck = 0
		for _, p := range b.people {
			online, chatting := p.state()
			if !online {
				p.come(b.anywhere())
			}
			b.mu.Lock()
			find := p.conn != nil && p.pair == "" && !p.waiting && p.greeted
			b.mu.Unlock()
			if find {
				p.do("find")
			}
			if !chatting || !online {
				stuck++
			}
		}
		if stuck == 0 {
			b.settle()
			for _, p := range b.people {
				if online, chatting := p.state(); !online || !chatting {
					stuck++
				}
			}
			if stuck == 0 {
				return 0
			}
		}
		b.settle()
	}
	return stuck
}

// leftOver says what the hubs still have beside what everybody needs, who is in a chat, once
// nobody is waited for any more.
func (b *guestbook) leftOver() (left string) {
	for range 60 {
		var all scene
		doors, tunnels := 0, 0
		for _, n := range b.nodes {
			all.all = append(all.all, n.fixture)
			stats := n.Stats().Cluster
			doors, tunnels = doors+stats.Doors, tunnels+stats.Tunnels
		}
		online, waiting, pairs, relayed := all.counts()
		if online == len(b.people) && waiting == 0 && pairs == online/2 && relayed == pairs && doors == tunnels {
			return ""
		}
		left = fmt.Sprintf("%d people, but %d sessions, %d tickets, %d pairs, %d in the relays, %d doors, %d tunnels", len(b.people), online, waiting, pairs, relayed, doors, tunnels)
		b.settle()
	}
	return left
}

// Trials C1, C2 and W7 of package match: visitors of three hubs come, chat, and lose their
// sockets, while frames are lost and late and hubs are cut off, drained and killed. Nobody is ever
// in two chats or in one alone, nothing is lost, doubled or out of order, and in the end
// everybody finds somebody.
func TestC2ThreeHubs(t *testing.T) {
	runs, steps := 1, 1200
	if os.Getenv("TRIALS") == "full" {
		runs, steps = 40, 3000
	}
	total := history{}
	figures := map[string]uint64{}
	for seed := range uint64(runs) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			runHubs(t, threeNodes, nil, func(t *testing.T, c *hubs) {
				b := &guestbook{hubs: c, random: rand.New(rand.NewPCG(seed, 12))}
				b.set(func(c *hubs) { c.random, c.slow = rand.New(rand.NewPCG(seed, 13)), 20*time.Millisecond })
				for i := range 12 {
					b.people = append(b.people, &person{book: b, name: fmt.Sprint("p", i), addr: fmt.Sprint("192.0.2.", i+1)})
				}
				for i := range steps {
					b.step()
					if i%200 == 150 {
						name := threeNodes[b.random.IntN(3)]
						c.kill(name)
						for range 5 {
							b.step()
						}
						c.add(name, nil)
					}
				}
				b.heal()
				time.Sleep(10 * time.Second)
				b.reoffer()
				if stuck := b.allMeet(); stuck > 0 {
					t.Errorf("%d of %d found nobody", stuck, len(b.people))
					for _, p := range b.people {
						t.Logf("%s: %+v", p.name, *p)
					}
					for name, n := range c.nodes {
						t.Logf("%s: %+v", name, n.Stats())
					}
				}
				if left := b.leftOver(); left != "" {
					t.Error(left)
				}
				for _, p := range b.people {
					p.do("text")
				}
				b.settle()
				synctest.Wait()
				b.mu.Lock()
				defer b.mu.Unlock()
				for _, wrong := range b.history.check() {
					t.Error(wrong)
					for i, d := range b.history.deeds {
						if strings.HasPrefix(wrong, d.session) || d.pair != "" && strings.Contains(wrong, d.pair) {
							t.Logf("%d %s %+v", i, d.at, d)
						}
					}
				}
				total.deeds = append(total.deeds, b.history.deeds...)
				for _, n := range c.nodes {
					stats := n.Stats().Cluster
					for what, count := range stats.Moves {
						figures[what] += count
					}
					figures["resyncs"] += stats.Resyncs
					figures["found elsewhere"] += stats.Seeks["found"]
				}
			})
		})
	}
	t.Logf("figure: 0 double pairs, 0 stuck of %d deeds; %v", len(total.deeds), figures)
}
