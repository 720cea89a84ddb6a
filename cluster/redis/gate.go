package redis

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"crypto/tls"

	"github.com/redis/rueidis"
)

// gate is the rueidis.Client that others have: the live one's commands while Redis
// answers and not too many are under way, ErrDown or ErrBusy else. It stays the same when
// the live client is made.
type gate struct {
	conn   *Conn
	nobody rueidis.Client // builds commands as long as there is no live client
	under  atomic.Int64   // calls under way
}

func newGate(c *Conn) (*gate, error) {
	nobody, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:       []string{"nobody:1"},
		ForceSingleClient: true,
		DisableCache:      true,
		DisableRetry:      true,
		DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
			return nil, ErrDown
		},
	})
	if nobody == nil {
		return nil, err
	}
	return &gate{conn: c, nobody: nobody}, nil
}

// maxCalls is how many calls may be under way. rueidis holds 1024 in the ring of each
// connection; in a full one a call would wait longer than its context.
const maxCalls = 900

// open returns the live client if n commands may go to it.
func (g *gate) open(n int) (rueidis.Client, error) {
	live := g.conn.live.Load()
	if live == nil || g.conn.State() == Down {
		g.conn.counts.refused.Add(uint64(n))
		return nil, ErrDown
	}
	g.conn.counts.calls.Add(uint64(n))
	return *live, nil
}

// enter is open for a call that leave ends.
func (g *gate) enter(n int) (rueidis.Client, error) {
	if g.under.Add(1) > maxCalls {
		g.under.Add(-1)
		g.conn.counts.busy.Add(uint64(n))
		return nil, ErrBusy
	}
	live, err := g.open(n)
	if err != nil {
		g.under.Add(-1)
	}
	return live, err
}

func (g *gate) leave() { g.under.Add(-1) }

// any returns the live client or, before there is one, nobody.
func (g *gate) any() rueidis.Client {
	if live := g.conn.live.Load(); live != nil {
		return *live
	}
	return g.nobody
}

func failures(n int, err error) []rueidis.RedisResult {
	list := make([]rueidis.RedisResult, n)
	for i := range list {
		list[i] = rueidis.NewErrorResult(err)
	}
	return list
}

func (g *gate) B() rueidis.Builder { return g.any().B() }

func (g *gate) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if cmd.IsBlock() { // on a connection of its own
		live, err := g.open(1)
		if err != nil {
			return rueidis.NewErrorResult(err)
		}
		return live.Do(ctx, cmd)
	}
	live, err := g.enter(1)
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	defer g.leave()
	return live.Do(ctx, cmd)
}

func (g *gate) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	live, err := g.enter(len(multi))
	if err != nil {
		return failures(len(multi), err)
	}
	defer g.leave()
	return live.DoMulti(ctx, multi...)
}

func (g *gate) DoCache(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration) rueidis.RedisResult {
	live, err := g.enter(1)
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	defer g.leave()
	return live.DoCache(ctx, cmd, ttl)
}

func (g *gate) DoMultiCache(ctx context.Context, multi ...rueidis.CacheableTTL) []rueidis.RedisResult {
	live, err := g.enter(len(multi))
	if err != nil {
		return failures(len(multi), err)
	}
	defer g.leave()
	return live.DoMultiCache(ctx, multi...)
}

func (g *gate) DoStream(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResultStream {
	live, err := g.open(1)
	if err != nil {
		return rueidis.NewErrorResultStream(err)
	}
	return live.DoStream(ctx, cmd)
}

func (g *gate) DoMultiStream(ctx context.Context, multi ...rueidis.Completed) rueidis.MultiRedisResultStream {
	live, err := g.open(len(multi))
	if err != nil {
		return rueidis.NewErrorResultStream(err)
	}
	return live.DoMultiStream(ctx, multi...)
}

func (g *gate) Receive(ctx context.Context, subscribe rueidis.Completed, fn func(rueidis.PubSubMessage)) error {
	live, err := g.open(1)
	if err != nil {
		return err
	}
	return live.Receive(ctx, subscribe, fn)
}

func (g *gate) Dedicated(fn func(rueidis.DedicatedClient) error) error {
	live, err := g.open(1)
	if err != nil {
		return err
	}
	return live.Dedicated(fn)
}

func (g *gate) Dedicate() (rueidis.DedicatedClient, func()) {
	if live, err := g.open(1); err == nil {
		return live.Dedicate()
	}
	return g.nobody.Dedicate()
}

func (g *gate) Nodes() map[string]rueidis.Client {
	live := g.conn.live.Load()
	if live == nil || g.conn.State() == Down {
		return nil
	}
	return (*live).Nodes()
}

func (g *gate) Mode() rueidis.ClientMode { return g.any().Mode() }

// Close does nothing: the Conn closes the live client.
func (g *gate) Close() {}
