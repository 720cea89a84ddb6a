package bans

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

// Store is the ban store of this node, as package ban has it. Batches are opaque.
type Store interface {
	Origin() (string, error)                         // the name of this store's log: NODE/NUMBER
	Version(origin string) (version uint64, _ error) // how far an origin's log is known
	Items(origin string, after uint64, most int) (batch []byte, to uint64, _ error)
	Apply(batches ...[]byte) (concerns func(netip.Addr) bool, refused, _ error)
	Digest() (map[string]uint64, error)                                // versions, by what names an origin and that version
	Learn(digest map[string]uint64) (lacks map[string]uint64, _ error) // origins and the versions up to which the store has them
	Fed() <-chan struct{}
}

// Peers are the other nodes that live, as the heartbeats tell.
type Peers interface {
	// Announce says with the next heartbeats what this node's store has: about 60 bytes for
	// each node, and each restore, that it has heard of. It is not changed afterwards.
	Announce(digest map[string]uint64)
	// Digests returns what the others have said, by the names of their nodes. Whoever can
	// make one up can have the stores write their logs anew.
	Digests() map[string]map[string]uint64
}

// Options are the settings of a feed. Node, Key, Store and Peers must be there.
type Options struct {
	Node  string   // the name of this node
	Key   [32]byte // the cluster's
	Store Store
	Peers Peers
	// Enforce ends the sessions that the store refuses now, of the addresses that concerns
	// picks; nil picks all. Nil: nobody does. It is called by one goroutine, after what was
	// applied is in force.
	Enforce func(concerns func(netip.Addr) bool) (ended int)
	Length  int // frames that the stream keeps, about; zero: 2000
	Frame   int // bytes of items in a frame, about; zero: 32 KiB
	Log     *slog.Logger
}

// stream is the key in Redis.
const stream = "joingy:bans:{feed}"

// Feed exchanges bans with the other nodes. Its methods may be called at the same time.
type Feed struct {
	opts   Options
	conn   *redis.Conn
	sealer *sealer
	counts counts

	up     chan struct{} // has room for one: Redis answers again
	missed chan frame    // that came after something that is missing, for reconcile
	wishes chan frame    // of other nodes, for publish
	asks   chan frame    // of this node, for publish
	strict strict        // for enforce
	came   chan struct{} // has room for one: something was applied, for reconcile

	// What the store had done before this feed was made is left to those who lack it: most
	// have it. For publish.
	origin string
	sent   uint64
}

// The bounds of what waits. What finds no room is dropped and counted: whoever lacks
// something asks again.
const (
	mostWishes = 64
	mostAsks   = 64
	mostMissed = 64
)

// New returns a feed. It does nothing before Run.
func New(conn *redis.Conn, opts Options) (*Feed, error) {
	if opts.Node == "" || opts.Store == nil || opts.Peers == nil {
		return nil, errors.New("the feed of bans needs a node's name, a store and peers")
	}
	opts.Length, opts.Frame = cmp.Or(opts.Length, 2000), cmp.Or(opts.Frame, 32<<10)
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	sealer, err := newSealer(opts.Key)
	if err != nil {
		return nil, fmt.Errorf("the feed of bans: %w", err)
	}
	origin, err := opts.Store.Origin()
	if err != nil {
		return nil, err
	}
	sent, err := opts.Store.Version(origin)
	if err != nil {
		return nil, err
	}
	return &Feed{
		origin: origin, sent: sent, opts: opts, conn: conn, sealer: sealer,
		up: make(chan struct{}, 1), missed: make(chan frame, mostMissed), wishes: make(chan frame, mostWishes),
		asks: make(chan frame, mostAsks), strict: strict{some: make(chan struct{}, 1)}, came: make(chan struct{}, 1),
	}, nil
}

// Run exchanges bans until ctx ends. It returns when all that it started has ended.
func (f *Feed) Run(ctx context.Context) error {
	stop := f.conn.Watch(func(s redis.State) {
		if s != redis.Down {
			nudge(f.up)
		}
	})
	defer stop()
	if err := f.announce(); err != nil {
		return err
	}
	var group sync.WaitGroup
	for _, part := range []func(context.Context){f.publish, f.follow, f.reconcile, f.enforce} {
		group.Go(func() { part(ctx) })
	}
	group.Wait()
	return nil
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is told already
	}
}

// offer puts what may be dropped into a queue, and reports whether there was room.
func offer[T any](c chan T, what T) bool {
	select {
	case c <- what:
		return true
	default:
		return false
	}
}

// announce tells the others what the store has.
func (f *Feed) announce() error {
	digest, err := f.opts.Store.Digest()
	if err == nil {
		f.opts.Peers.Announce(digest)
	}
	return err
}

// pause waits for d or the end of ctx, and reports whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
