package cluster

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/joingyd/joingyd/cluster/accounts"
	"github.com/joingyd/joingyd/cluster/ask"
	"github.com/joingyd/joingyd/cluster/bans"
	"github.com/joingyd/joingyd/cluster/bus"
	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redis/redisurl"
	"github.com/joingyd/joingyd/cluster/relay"
)

// Versions of what nodes say to each other that this one speaks.
const (
	OldestProtocol = 1
	NewestProtocol = 1
)

// maxShards is how many shards a gate of the shared pool may be split into, where there are
// several servers for them: on one they would only keep visitors apart.
const maxShards = 16

// shards is what all nodes take, which are told of the same servers.
func shards(url string) int {
	if u, err := redisurl.Parse(url); err == nil && u.Master == "" && len(u.Hosts) > 1 {
		return maxShards
	}
	return 1
}

// Options is who joins what.
type Options struct {
	Redis       redis.Options
	Node        nodes.Self // Protocol, ClusterKey and Started are filled in
	Key         [32]byte   // the cluster's
	AnyLanguage bool       // two whose patience has ended meet without a common language

	// Report is asked each second what the node says of itself.
	Report func() nodes.Report
	// Drain is told when the node is to take no new sessions, and when it is to again. It must
	// not block.
	Drain func(on bool)

	// Bans is the node's ban store, and Enforce ends the sessions that it refuses by now, of
	// the addresses that concerns picks; nil picks all.
	Bans    bans.Store
	Enforce func(concerns func(netip.Addr) bool) (ended int)

	Relays Relays

	// Where the keys are, for what a refusal says.
	ClusterKeyPath, BanKeyPath, AgeKeyPath string

	Log *slog.Logger // nil: discarded
}

// Member is this daemon as one of the nodes. Its methods are safe for concurrent use. Those
// that the hub calls with its lock held wait for nothing.
type Member struct {
	opts   Options
	log    *slog.Logger
	tags   tags
	conn   *redis.Conn
	nodes  *nodes.Registry
	bus    *bus.Bus
	pool   *pool.Pool
	seeker *seeker
	feed   *bans.Feed
	home   *relay.Home // nil: it has no sessions
	host   *relay.Host // nil: it has no relay
	asker  *ask.Asker

	accounts *accounts.Accounts

	hub    Hub // set by Run
	others atomic.Pointer[others]
	online atomic.Int64 // sessions of the other nodes, a second ago at most
	unsent atomic.Uint64
	relays atomic.Pointer[[]relay.Relay] // see relayList

	relaysMoved chan struct{} // capacity 1: keepRelays is to look now

	banned atomic.Pointer[map[string]uint64] // the digest of the bans, for the others; nil: not yet
}

// others is what was last known of the other nodes.
type others struct {
	names []string          // sorted
	open  []string          // of these, that take sessions
	tags  map[string]string // name by tag

	processes string // of those that have accounts, with a space between each two
}

// Join connects to Redis and makes the daemon known to the other nodes, which see it from then
// on; Run serves them. Redis that is down is no error: the node is alone until it is up.
// Other errors say which setting is wrong and what to do.
func Join(ctx context.Context, opts Options) (_ *Member, err error) {
	m := &Member{opts: opts, log: cmp.Or(opts.Log, slog.New(slog.DiscardHandler)), tags: newTags(opts.Key), relaysMoved: make(chan struct{}, 1)}
	m.others.Store(new(others))
	opts.Redis.Name = cmp.Or(opts.Redis.Name, "joingyd-"+opts.Node.Name)
	if m.conn, err = redis.Dial(ctx, opts.Redis, m.log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			m.conn.Close()
		}
	}()
	opts.Node.Protocol = nodes.Range{Min: OldestProtocol, Max: NewestProtocol}
	m.pool, err = pool.New(m.conn, pool.Options{Node: opts.Node.Name, Member: pool.NewTag(), AnyLanguage: opts.AnyLanguage, MaxShards: shards(opts.Redis.URL)})
	if err != nil {
		return nil, fmt.Errorf("cluster.node: %w", err)
	}
	m.seeker = newSeeker(m.pool, func() Hub { return m.hub }, m.log)
	m.bus, err = bus.New(bus.Options{Client: m.conn.Client(), Node: opts.Node.Name, Key: opts.Key[:], Handler: m.receive, Answer: m.answer, Gap: m.gap, Logger: m.log})
	if err != nil {
		return nil, fmt.Errorf("cluster.node: %w", err)
	}
	m.openRelays()
	m.asker = ask.New(ask.Options{Bus: m.bus, Kind: kindRequest, Log: m.log})
	m.nodes, err = nodes.Join(ctx, m.conn, nodes.Options{
		Self: opts.Node, Key: opts.Key, Report: m.report, Drain: opts.Drain,
		ClusterKeyPath: opts.ClusterKeyPath, BanKeyPath: opts.BanKeyPath, AgeKeyPath: opts.AgeKeyPath,
	}, m.log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			m.nodes.Close()
		}
	}()
	m.accounts = accounts.New(m.conn, accounts.Options{
		Key: opts.Key, Process: process(m.nodes.Self()), Live: func() string { return m.others.Load().processes },
	})
	m.feed, err = bans.New(m.conn, bans.Options{
		Node: opts.Node.Name, Key: opts.Key, Store: opts.Bans, Peers: banPeers{m}, Enforce: opts.Enforce, Log: m.log,
	})
	return m, err
}

// report is what the node says of itself.
func (m *Member) report() nodes.Report {
	r := m.opts.Report()
	if digest := m.banned.Load(); digest != nil {
		r.Bans = *digest
	}
	return r
}

// banPeers is the other nodes as the feed of bans wants them.
type banPeers struct{ *Member }

// Announce implements bans.Peers.
func (p banPeers) Announce(digest map[string]uint64) { p.banned.Store(&digest) }

// Digests implements bans.Peers.
func (p banPeers) Digests() map[string]map[string]uint64 {
	digests := make(map[string]map[string]uint64)
	for _, n := range p.nodes.Alive() {
		digests[n.Name] = n.Bans
	}
	return digests
}

// Run serves the other nodes until ctx ends, and waits for its goroutines: call Close then.
// It is called once.
func (m *Member) Run(ctx context.Context, hub Hub) error {
	m.hub = hub
	defer m.nodes.Watch(m.watch)()
	defer m.conn.Watch(func(s redis.State) { m.seeker.setUp(s == redis.Up) })()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return m.bus.Run(ctx) })
	group.Go(func() error { m.seeker.run(ctx); return nil })
	group.Go(func() error { m.count(ctx); return nil })
	group.Go(func() error { return m.feed.Run(ctx) })
	defer m.asker.Wait()
	if m.host != nil {
		group.Go(func() error { return m.host.Run(ctx) })
	}
	if m.home != nil {
		group.Go(func() error { return m.home.Run(ctx) })
		group.Go(func() error { m.keepRelays(ctx); return nil })
	}
	return group.Wait()
}

// count adds up what the other nodes have, for who cannot wait for that.
func (m *Member) count(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		sessions := 0
		for _, n := range m.nodes.Alive() {
			sessions += n.Online
		}
		m.online.Store(int64(sessions))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Close leaves the other nodes and the connection.
func (m *Member) Close() error {
	m.nodes.Close()
	m.conn.Close()
	return nil
}

// watch takes note of what happens to other nodes.
func (m *Member) watch(e nodes.Event) {
	now := &others{tags: make(map[string]string)}
	var processes []string
	for _, n := range m.nodes.Alive() {
		if n.Role != nodes.RoleRelay {
			now.names = append(now.names, n.Name)
			if !n.Draining {
				now.open = append(now.open, n.Name)
			}
			now.tags[m.tags.nodes.text(n.Name)] = n.Name
			processes = append(processes, process(n))
		}
	}
	now.processes = strings.Join(processes, " ")
	m.others.Store(now)
	m.lookForRelays()
	if e.Kind == nodes.Left {
		m.hub.Lost(e.Node.Name)
	}
}

// process names a node's present process in accounts.
func process(n nodes.Node) string { return n.Incarnation[:min(len(n.Incarnation), 10)] }

// Node returns this node's name.
func (m *Member) Node() string { return m.opts.Node.Name }

// Tag returns what stands for this node in what clients see.
func (m *Member) Tag() string { return m.tags.nodes.text(m.opts.Node.Name) }

// Tagged returns the live node, other than this one, that a tag stands for.
func (m *Member) Tagged(tag string) (node string, ok bool) {
	node, ok = m.others.Load().tags[tag]
	return node, ok
}

// Nodes lists the other live nodes that have hubs. It is not to be changed.
func (m *Member) Nodes() []string { return slices.Clip(m.others.Load().names) }

// Open lists those of Nodes that take sessions. It is not to be changed.
func (m *Member) Open() []string { return slices.Clip(m.others.Load().open) }

// Online returns how many sessions the others have.
func (m *Member) Online() int { return int(m.online.Load()) }

// Away reports whether Redis is down: nothing can be heard of any other node.
func (m *Member) Away() bool { return m.conn.State() == redis.Down }

// Send sends a frame to the hub of another node. What becomes of it only that hears: see
// package bus.
func (m *Member) Send(node string, frame []byte) {
	if err := m.bus.Send(node, kindHub, frame); err != nil {
		m.unsent.Add(1)
	}
}

// Offer has a partner sought at other nodes for a session that waits.
func (m *Member) Offer(o Offer) {
	m.seeker.offer(m.tags.ticket(o))
}

// Withdraw ends that.
func (m *Member) Withdraw(id OfferID) { m.seeker.withdraw(id) }

// Taken is Withdraw for an offer that was found: it is out of the shared pool.
func (m *Member) Taken(id OfferID) { m.seeker.taken(id) }

// Registry is who the nodes are.
func (m *Member) Registry() *nodes.Registry { return m.nodes }

// Accounts is what all nodes count together.
func (m *Member) Accounts() *accounts.Accounts { return m.accounts }

// Redis is the connection that all of this uses.
func (m *Member) Redis() *redis.Conn { return m.conn }
