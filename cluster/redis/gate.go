package redis

import (
	"context"
	"net"
	"time"

	"crypto/tls"

	"github.com/redis/rueidis"
)

// gate is the rueidis.Client that others have: the live one's commands while Redis
// answers, ErrDown while it does not. It stays the same when the live client is made.
type gate struct {
	conn   *Conn
	nobody rueidis.Client // builds commands as long as there is no live client
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

// open returns the live client and whether n commands may go to it.
func (g *gate) open(n int) (rueidis.Client, bool) {
	live := g.conn.live.Load()
	if live == nil || g.conn.State() == Down {
		g.conn.counts.refused.Add(uint64(n))
		return nil, false
	}
	g.conn.counts.calls.Add(uint64(n))
	return *live, true
}

// any returns the live client or, before there is one, nobody.
func (g *gate) any() rueidis.Client {
	if live := g.conn.live.Load(); live != nil {
		return *live
	}
	return g.nobody
}

func refusals(n int) []rueidis.RedisResult {
	list := make([]rueidis.RedisResult, n)
	for i := range list {
		list[i] = rueidis.NewErrorResult(ErrDown)
	}
	return list
}

func (g *gate) B() rueidis.Builder { return g.any().B() }

func (g *gate) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	live, ok := g.open(1)
	if !ok {
		return rueidis.NewErrorResult(ErrDown)
	}
	return live.Do(ctx, cmd)
}

func (g *gate) DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult {
	live, ok := g.open(len(multi))
	if !ok {
		return refusals(len(multi))
	}
	return live.DoMulti(ctx, multi...)
}

func (g *gate) DoCache(ctx context.Context, cmd rueidis.Cacheable, ttl time.Duration) rueidis.RedisResult {
	live, ok := g.open(1)
	if !ok {
		return rueidis.NewErrorResult(ErrDown)
	}
	return live.DoCache(ctx, cmd, ttl)
}

func (g *gate) DoMultiCache(ctx context.Context, multi ...rueidis.CacheableTTL) []rueidis.RedisResult {
	live, ok := g.open(len(multi))
	if !ok {
		return refusals(len(multi))
	}
	return live.DoMultiCache(ctx, multi...)
}

func (g *gate) DoStream(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResultStream {
	live, ok := g.open(1)
	if !ok {
		return rueidis.NewErrorResultStream(ErrDown)
	}
	return live.DoStream(ctx, cmd)
}

func (g *gate) DoMultiStream(ctx context.Context, multi ...rueidis.Completed) rueidis.MultiRedisResultStream {
	live, ok := g.open(len(multi))
	if !ok {
		return rueidis.NewErrorResultStream(ErrDown)
	}
	return live.DoMultiStream(ctx, multi...)
}

func (g *gate) Receive(ctx context.Context, subscribe rueidis.Completed, fn func(rueidis.PubSubMessage)) error {
	live, ok := g.open(1)
	if !ok {
		return ErrDown
	}
	return live.Receive(ctx, subscribe, fn)
}

func (g *gate) Dedicated(fn func(rueidis.DedicatedClient) error) error {
	live, ok := g.open(1)
	if !ok {
		return ErrDown
	}
	return live.Dedicated(fn)
}

func (g *gate) Dedicate() (rueidis.DedicatedClient, func()) {
	if live, ok := g.open(1); ok {
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
