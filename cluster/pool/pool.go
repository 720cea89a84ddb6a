package pool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// What a ticket may come to.
var (
	// ErrGone says that a ticket is not in the pool any more: somebody found it, and will ask
	// its node within a second, or Redis forgot it.
	ErrGone = errors.New("the ticket is not in the shared pool any more")
	// ErrFull says that no more tickets are let in.
	ErrFull = errors.New("the shared pool is full")
)

// Redis is where the pool is; cluster/redis has one.
type Redis interface {
	Client() rueidis.Client
	// Context adds the deadline that a call has.
	Context(context.Context) (context.Context, context.CancelFunc)
}

const (
	defaultLease       = 5 * time.Second
	defaultMaxWaiting  = 250_000
	defaultSplitCalls  = 5000
	defaultSplitSize   = 50_000
	mostShards         = 64
	longestNode        = 64          // bytes
	thin               = 64          // tickets: where fewer wait, a search goes on in another shard
	lookIntoEmpty      = time.Second // where nobody waited at the last answer
	lookSeldom         = 4           // one of so many searches in a gate that is not thin looks for those who name no language
	readSplitEvery     = 2 * time.Second
	lifeBeyondPatience = 10 * time.Second
)

// Options of a Pool. Zero values mean what is said of them.
type Options struct {
	Node        string        // the name of this node, at most 64 bytes
	Member      Tag           // drawn when the node starts (NewTag): tickets of an earlier start are nobody's
	Lease       time.Duration // for how long tickets outlive their node; 0: 5 s
	AnyLanguage bool          // two whose patience has ended meet without a common language
	MaxWaiting  int           // tickets in a shard; 0: 250,000

	MaxShards  int     // of a gate, a power of two, at most 64, the same on all nodes; 0: 1, a gate is never split
	SplitCalls float64 // calls a second, of all nodes, from which on a shard is too busy; 0: 5,000
	SplitSize  int     // tickets, from which on a shard is too large; 0: 50,000

	// Now is the time, for simulations; nil: Redis says.
	Now func() time.Time
}

// Pool is this node's side of the shared pool. Its methods may be called at the same time;
// those for one ticket wait for each other.
type Pool struct {
	redis Redis
	opts  Options

	mu       sync.Mutex // guards what follows, and of entries what they say so of
	tickets  map[ID]*entry
	gates    map[gateKey]*gate
	doubtful map[*shard][]ID // that may be in, after a call that failed: to be withdrawn
	counts   Counts
}

// entry is a ticket of this node.
type entry struct {
	busy sync.Mutex // held while a call is under way for it; taken before Pool.mu
	Ticket
	in       []place // guarded by Pool.mu
	searches int     // guarded by busy
	out      bool    // guarded by busy
}

// place is where an entry is: in a shard, and where among its own.
type place struct {
	shard *shard
	index int
}

// New makes the pool's client. An error names the option.
func New(redis Redis, opts Options) (*Pool, error) {
	if opts.Node == "" || len(opts.Node) > longestNode {
		return nil, fmt.Errorf("shared pool: node is %q, want a name of at most %d bytes", opts.Node, longestNode)
	}
	if opts.Member == (Tag{}) {
		return nil, errors.New("shared pool: no member; draw one with NewTag when the node starts")
	}
	setDefault(&opts.Lease, defaultLease)
	setDefault(&opts.MaxWaiting, defaultMaxWaiting)
	setDefault(&opts.MaxShards, 1)
	setDefault(&opts.SplitCalls, defaultSplitCalls)
	setDefault(&opts.SplitSize, defaultSplitSize)
	if n := opts.MaxShards; n < 1 || n > mostShards || n&(n-1) != 0 {
		return nil, fmt.Errorf("shared pool: at most %d shards, want a power of two up to %d", n, mostShards)
	}
	return &Pool{
		redis: redis, opts: opts,
		tickets: make(map[ID]*entry), gates: make(map[gateKey]*gate), doubtful: make(map[*shard][]ID),
	}, nil
}

func setDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

func (p *Pool) now() time.Time {
	if p.opts.Now != nil {
		return p.opts.Now()
	}
	return time.Now()
}

// Len returns how many tickets of this node are in the pool, as far as it knows.
func (p *Pool) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tickets)
}

// forgetLocked drops e, whose places are left as they may be.
func (p *Pool) forgetLocked(e *entry) {
	delete(p.tickets, e.ID)
	for len(e.in) > 0 {
		e.in[0].shard.drop(e)
	}
}
