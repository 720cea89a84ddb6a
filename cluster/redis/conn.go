package redis

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

const (
	firstTime = 2 * time.Second // that Dial waits for a first answer
)

// What a call fails with that never left.
var (
	ErrDown = errors.New("redis: down")
	ErrBusy = errors.New("redis: too many calls under way")
)

var errSilent = errors.New("redis: no answer")

// Conn is a connection to Redis, or the wish for one. Its methods may be called at the
// same time.
type Conn struct {
	log     *slog.Logger
	options rueidis.ClientOption
	key     string // that probes write
	pace    pace
	gate    *gate
	stop    context.CancelFunc
	done    chan struct{} // closed by run
	first   chan struct{} // closed when there is a state to tell

	live   atomic.Pointer[rueidis.Client] // nil until the first connection
	state  atomic.Int32                   // a State, for the gate
	counts counts

	mu       sync.Mutex
	health   health              // guarded by mu
	err      error               // guarded by mu: of the last probe
	since    time.Time           // guarded by mu: of the state
	watchers map[int]func(State) // guarded by mu
	next     int                 // guarded by mu: the key of the next watcher
	telling  sync.Mutex          // held while watchers are called: one at a time, in order
}

// Dial connects to Redis, and returns when it is up or slow, has failed to answer, or
// after 2 s or the end of ctx. Redis that is down is no error: it is warned of in the log, and
// tried again until Close. An error is one of the options.
func Dial(ctx context.Context, opts Options, log *slog.Logger) (*Conn, error) {
	if opts.pace == (pace{}) {
		opts.pace = usualPace
	}
	running, stop := context.WithCancel(context.Background())
	options, err := opts.client(running)
	if err != nil {
		stop()
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	c := &Conn{
		log: log, options: options, key: "joingy:probe:{" + hex.EncodeToString(id[:]) + "}", stop: stop,
		done: make(chan struct{}), first: make(chan struct{}), watchers: map[int]func(State){}, since: time.Now(),
		pace: opts.pace, health: health{pace: opts.pace},
	}
	if c.gate, err = newGate(c); err != nil {
		stop()
		return nil, fmt.Errorf("redis: %w", err)
	}
	go c.run(running)
	timeout := time.NewTimer(firstTime)
	defer timeout.Stop()
	select {
	case <-c.first:
	case <-timeout.C:
	case <-ctx.Done():
	}
	if c.State() == Down {
		log.Warn("redis is down: this node is alone until it answers", "redis", opts.URL, "error", c.Err())
	}
	return c, nil
}

// Close ends the connections and waits for the Conn's goroutines. Calls under way fail.
func (c *Conn) Close() {
	c.stop()
	<-c.done
}

// Client returns the commands, behind the gate: while Redis is down each fails with
// ErrDown, and while 900 calls are under way (a pipeline is one) with ErrBusy. It can be
// kept. Do not close it, and keep none of its Nodes.
func (c *Conn) Client() rueidis.Client { return c.gate }

// Context returns the context that a call is made with: it ends with ctx or after 500 ms.
func (c *Conn) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.pace.call)
}

// State returns what Redis is good for now.
func (c *Conn) State() State { return State(c.state.Load()) }

// Err returns why Redis is down or the last probe failed; nil if it was answered.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.errLocked()
}

func (c *Conn) errLocked() error {
	if c.err == nil && c.health.state == Down {
		return errSilent
	}
	return c.err
}

// Watch calls changed with the present state, and after that with each new one, one call
// at a time and in order, until stop is called. After stop no call begins. changed must
// not block, and must call neither Watch nor Close.
func (c *Conn) Watch(changed func(State)) (stop func()) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.mu.Lock()
	id := c.next
	c.next++
	c.watchers[id] = changed
	state := c.health.state
	c.mu.Unlock()
	changed(state)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, id)
	}
}
