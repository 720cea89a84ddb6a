package match_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

// hubs are several hubs of one site, in a bubble, with a network and a shared pool between
// them that the test breaks as it likes.
type hubs struct {
	t    *testing.T
	work sync.WaitGroup

	mu      sync.Mutex // guards what follows
	over    bool
	random  *rand.Rand
	nodes   map[string]*node
	away    bool            // nobody hears anybody, and all know that
	cut     map[string]bool // nodes that hear nobody, and that nobody hears
	lossy   float64         // share of frames that are lost
	slow    time.Duration   // the most that a frame takes
	deaf    map[string]bool // nodes whose offers find nobody
	drained map[string]bool
	offers  []pooled

	book   *book // what they count together
	starts int   // processes of hubs, so far
}

// pooled is an offer in the shared pool.
type pooled struct {
	match.Offer
	node string
}

// node is one of the hubs.
type node struct {
	*fixture
	hubs   *hubs
	name   string
	relays relays

	counts string // its process' name among those that count together

	mu    sync.Mutex // guards what follows
	conns []net.Conn // of its clients
	lanes map[string]*lane
	wait  map[match.OfferID]bool // offers that are not withdrawn

	now atomic.Pointer[match.Hub] // what hears the others
}

// lane carries frames from one hub to another, in their order.
type lane struct {
	frames chan sent
}

type sent struct {
	frame []byte // nil: one was lost
	at    time.Time
}

// Node implements match.Cluster, as all that follows.
func (n *node) Node() string { return n.name }
func (n *node) Tag() string  { return "tag-" + n.name }
func (n *node) Online() int  { return 0 }

func (n *node) Open() []string {
	n.hubs.mu.Lock()
	defer n.hubs.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(n.hubs.nodes)), func(name string) bool { return name == n.name || n.hubs.drained[name] })
}

// drain has a hub empty, and the others know.
func (c *hubs) drain(name string, on bool) {
	c.set(func(c *hubs) { c.drained[name] = on })
	c.nodes[name].Drain(on)
}

func (n *node) Away() bool {
	n.hubs.mu.Lock()
	defer n.hubs.mu.Unlock()
	return n.hubs.away
}

func (n *node) Tagged(tag string) (string, bool) {
	for _, name := range append(n.Nodes(), n.name) {
		if tag == "tag-"+name {
			return name, true
		}
	}
	return "", false
}

func (n *node) Nodes() []string {
	n.hubs.mu.Lock()
	defer n.hubs.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(n.hubs.nodes)), func(name string) bool { return name == n.name })
}

func (n *node) Send(to string, frame []byte) {
	if to == n.name {
		panic("a frame to itself")
	}
	lost := n.hubs.loses(n.name, to)
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.lanes[to]
	if l == nil {
		l = &lane{make(chan sent, 1<<14)}
		n.lanes[to] = l
		n.hubs.work.Go(func() { n.hubs.carry(n, to, l) })
	}
	if lost || len(l.frames) == cap(l.frames)-1 {
		frame = nil
	}
	select {
	case l.frames <- sent{frame, time.Now()}:
	default:
	}
}

func (n *node) Offer(offer match.Offer) {
	n.mu.Lock()
	n.wait[offer.ID] = true
	n.mu.Unlock()
	n.hubs.work.Go(func() { n.hubs.search(pooled{offer, n.name}) })
}

func (n *node) Taken(id match.OfferID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.wait, id)
	n.hubs.work.Go(func() {
		n.hubs.mu.Lock()
		defer n.hubs.mu.Unlock()
		if slices.ContainsFunc(n.hubs.offers, func(p pooled) bool { return p.ID == id }) {
			n.hubs.t.Error("an offer that nobody has found is said to be taken")
		}
	})
}

func (n *node) Withdraw(id match.OfferID) {
	n.mu.Lock()
	delete(n.wait, id)
	n.mu.Unlock()
	n.hubs.work.Go(func() {
		n.hubs.mu.Lock()
		defer n.hubs.mu.Unlock()
		n.hubs.offers = slices.DeleteFunc(n.hubs.offers, func(p pooled) bool { return p.ID == id })
	})
}

func (c *hubs) loses(from, to string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away || c.cut[from] || c.cut[to] || c.random.Float64() < c.lossy
}

// carry delivers the frames of a lane.
func (c *hubs) carry(from *node, to string, l *lane) {
	gap := true // it is another hub than before
	for one := range l.frames {
		frame := one.frame
		c.mu.Lock()
		wait, receiver := time.Duration(c.random.Int64N(int64(c.slow)+1)), c.nodes[to]
		lost := frame == nil || c.away || c.cut[from.name] || c.cut[to] || receiver == nil || c.nodes[from.name] != from
		c.mu.Unlock()
		if lost {
			gap = true
			continue
		}
		time.Sleep(time.Until(one.at.Add(wait)))
		if gap {
			receiver.now.Load().Gap(from.name)
			gap = false
		}
		receiver.now.Load().Receive(from.name, frame)
	}
}

// search pairs an offer with one of another hub, or keeps it: the shared pool.
func (c *hubs) search(own pooled) {
	c.mu.Lock()
	time.Sleep(0)
	n := c.nodes[own.node]
	if c.over || c.away || n == nil || c.cut[own.node] || c.deaf[own.node] {
		c.mu.Unlock()
		return
	}
	for i, other := range c.offers {
		if other.node == own.node || other.Mode != own.Mode || slices.Contains(own.Avoid, other.Session) || slices.Contains(other.Avoid, own.Session) ||
			c.cut[other.node] {
			continue
		}
		if len(own.Interests) > 0 && len(other.Interests) > 0 && own.Interests[0] != other.Interests[0] {
			continue
		}
		c.offers = slices.Delete(c.offers, i, i+1)
		c.mu.Unlock()
		n.Propose(own.ID, other.node, other.ID)
		return
	}
	c.offers = append(c.offers, own)
	c.mu.Unlock()
}

// runHubs runs a test with hubs of these names.
func runHubs(t *testing.T, names []string, change func(string, *match.Options), test func(t *testing.T, c *hubs)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &hubs{
			t: t, random: rand.New(rand.NewPCG(1, 2)), nodes: map[string]*node{}, cut: map[string]bool{}, deaf: map[string]bool{}, drained: map[string]bool{},
			slow: time.Millisecond, book: &book{pages: map[string]*page{}},
		}
		for _, name := range names {
			c.add(name, change)
		}
		stop := sync.OnceFunc(c.stop)
		t.Cleanup(stop) // a failed test too leaves nothing in the bubble
		test(t, c)
		stop()
	})
}

func (c *hubs) stop() {
	time.Sleep(2 * time.Second) // in which all is told
	c.mu.Lock()
	nodes := slices.Collect(maps.Values(c.nodes))
	c.over = true
	c.mu.Unlock()
	c.book.set(func(b *book) {
		for _, n := range nodes {
			if told, online := b.seatsOf(n.counts), n.Stats().Online; told != online {
				c.t.Errorf("%s has %d sessions, and told of %d", n.name, online, told)
			}
		}
	})
	for _, n := range nodes {
		n.stop()
		n.left()
	}
	for _, n := range nodes {
		n.close()
	}
	c.work.Wait()
}

// add starts a hub.
func (c *hubs) add(name string, change func(string, *match.Options)) *node {
	n := &node{hubs: c, name: name, lanes: map[string]*lane{}, wait: map[match.OfferID]bool{}}
	n.fixture = newFixture(c.t, func(o *match.Options) {
		o.Cluster, o.SessionsPerAddress, o.Accounts = n, 1000, n.process()
		n.relays = relays{relay: o.Relay.(*relay), node: name, at: map[ident.Session]string{}, stale: map[ident.Session]bool{}}
		o.Relay, o.Relays = &n.relays, &n.relays
		if change != nil {
			change(name, o)
		}
	})
	n.dial = n.remember
	n.now.Store(n.Hub)
	c.mu.Lock()
	c.nodes[name] = n
	c.mu.Unlock()
	return n
}

// process is the part of a hub's next process in what hubs count together.
func (n *node) process() match.Accounts {
	n.hubs.starts++
	n.counts = fmt.Sprint(n.name, " ", n.hubs.starts)
	return bookkeeper{n.hubs.book, n.counts}
}

// restart puts another hub in the place of the one there is.
func (n *node) restart() {
	n.opts.Accounts = n.process()
	n.fixture.restart()
	n.now.Store(n.Hub)
}

func (n *node) remember(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := n.pipes.dial(ctx, network, addr)
	if err == nil {
		n.mu.Lock()
		n.conns = append(n.conns, conn)
		n.mu.Unlock()
	}
	return conn, err
}

// close ends the lanes of a hub that sends no more.
func (n *node) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.lanes {
		close(l.frames)
	}
	n.lanes = map[string]*lane{}
}

// kill ends a hub at once: nobody hears of it, nor its clients.
func (c *hubs) kill(name string) {
	c.mu.Lock()
	n := c.nodes[name]
	delete(c.nodes, name)
	c.offers = slices.DeleteFunc(c.offers, func(p pooled) bool { return p.node == name })
	c.mu.Unlock()
	n.mu.Lock()
	conns := n.conns
	n.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
	}
	n.stop()
	n.close()
}

// set changes the network.
func (c *hubs) set(change func(*hubs)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// ban bans an address at one hub.
func (c *hubs) ban(name, addr string) {
	f := c.nodes[name].fixture
	f.mu.Lock()
	defer f.mu.Unlock()
	f.banned[netip.MustParseAddr(addr)] = match.Ban{Reason: "testing"}
}

// settle lets everything happen that happens by itself within a second.
func (c *hubs) settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// meet has two visitors of two hubs meet: the first waits, and the second's hub finds it.
func (c *hubs) meet(mode string, first, second *client) (one, two message) {
	c.t.Helper()
	first.send(`{"type":"find","mode":"` + mode + `"}`)
	first.expect("waiting")
	c.settle()
	second.send(`{"type":"find","mode":"` + mode + `"}`)
	second.expect("waiting")
	one, two = first.expect("matched"), second.expect("matched")
	if one.Pair != two.Pair || one.Role == two.Role {
		c.t.Fatalf("matched %+v and %+v", one, two)
	}
	return one, two
}

func say(pair string, id int, body string) string {
	return fmt.Sprintf(`{"type":"text","pair":"%s","id":"%d","body":"%s"}`, pair, id, body)
}
