package nodes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

// pace is how often and how long.
type pace struct {
	beat    time.Duration // between records
	silence time.Duration // after which a node has left
	life    time.Duration // of a record in Redis
}

var usualPace = pace{beat: time.Second, silence: 3 * time.Second, life: 5 * time.Second}

// Options is who joins.
type Options struct {
	Self   Self
	Key    [32]byte      // the cluster's
	Report func() Report // asked each second, and by Self and Online

	// Drain is told when the node is to take no new sessions, and when it is to again, one
	// call at a time. It must not block, and must call neither Watch nor Drain. It may be
	// nil.
	Drain func(on bool)

	// Where the keys are, for what a refusal says.
	ClusterKeyPath, BanKeyPath, AgeKeyPath string

	pace pace // zero: usualPace; tests are in a hurry
}

// Registry is the nodes as one of them sees them. Its methods may be called at the same
// time.
type Registry struct {
	opts        Options
	conn        *redis.Conn
	log         *slog.Logger
	codec       codec
	incarnation string
	stop        context.CancelFunc
	done        chan struct{} // closed by run
	poke        chan struct{} // capacity 1: look now
	unwatch     func()

	telling sync.Mutex // held while watchers are called: one at a time, in order

	mu       sync.Mutex
	view     *view               // guarded by mu
	joined   bool                // guarded by mu: its record is in Redis, or was when Redis was last up
	err      error               // guarded by mu: why it is not
	fault    error               // guarded by mu: what Redis answers to its beats; nil: they are good
	faulty   time.Time           // guarded by mu: since when
	told     bool                // guarded by mu: the log knows of fault
	draining bool                // guarded by mu
	watchers map[int]func(Event) // guarded by mu
	next     int                 // guarded by mu: the key of the next watcher

	// Of the one goroutine that beats.
	counter uint64
	wish    string               // the last that was followed
	rival   *rival               // who has this name
	strange map[string]string    // by name: why the record there is none of ours, as it was logged
	absent  map[string]time.Time // by name: since when it has no record
}

// Join makes this daemon one of the nodes. It returns once the others can see it, or at
// once if Redis is down: then it joins when Redis is up. An error is a refusal, which
// says what to do: ErrNameTaken, ErrKey or ErrProtocol. After a crash it takes 3 s, the
// time until the record that was left behind is no longer a live node's.
func Join(ctx context.Context, conn *redis.Conn, opts Options, log *slog.Logger) (*Registry, error) {
	if !ValidName(opts.Self.Name) {
		return nil, fmt.Errorf("nodes: %q is no name for a node; use at most 64 letters, digits, dots, dashes and underscores", opts.Self.Name)
	}
	if opts.pace == (pace{}) {
		opts.pace = usualPace
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	opts.Self.ClusterKey = FingerprintOf(opts.Key)
	opts.Self.Started = time.Now().UTC().Truncate(time.Second)
	running, stop := context.WithCancel(context.Background())
	r := &Registry{
		opts: opts, conn: conn, log: log, codec: newCodec(opts.Key), incarnation: rand.Text(), stop: stop,
		done: make(chan struct{}), poke: make(chan struct{}, 1),
		view: newView(opts.pace), watchers: map[int]func(Event){}, strange: map[string]string{}, absent: map[string]time.Time{},
	}
	if err := r.first(ctx); err != nil {
		stop()
		return nil, err
	}
	r.unwatch = conn.Watch(func(s redis.State) {
		if s != redis.Down {
			r.look()
		}
	})
	go r.run(running)
	return r, nil
}

// first beats until the node has joined, is refused, or sees that Redis is down.
func (r *Registry) first(ctx context.Context) error {
	for {
		err := r.beat(ctx)
		switch {
		case err == nil:
			return nil
		case refused(err):
			return err
		case !errors.Is(err, errWaiting):
			r.log.Warn("not among the nodes yet", "node", r.opts.Self.Name, "error", redis.Explain(err))
			r.mu.Lock()
			r.noteFaultLocked(time.Now(), err)
			r.mu.Unlock()
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(r.opts.pace.beat / 4):
		}
	}
}

// look has the next beat come now.
func (r *Registry) look() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// run beats until ctx ends.
func (r *Registry) run(ctx context.Context) {
	defer close(r.done)
	ticker := time.NewTicker(r.opts.pace.beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-r.poke:
		}
		r.note(r.beat(ctx))
	}
}

// note says in the log what a beat changed.
func (r *Registry) note(err error) {
	now := time.Now()
	r.mu.Lock()
	before := r.err
	if err == nil || refused(err) { // what Redis says is no verdict
		r.err = err
	}
	was := r.told
	r.noteFaultLocked(now, err)
	fault, is := r.fault, r.told
	r.mu.Unlock()
	switch {
	case is && !was:
		r.log.Error("redis refuses what a node needs: this node is alone until that is mended", "node", r.opts.Self.Name, "error", fault)
	case was && !is:
		r.log.Info("redis takes what a node needs again", "node", r.opts.Self.Name)
	}
	switch {
	case refused(err) && (before == nil || before.Error() != err.Error()):
		r.log.Error("not among the nodes: this node is alone until that is mended", "node", r.opts.Self.Name, "error", err)
	case err == nil && before != nil:
		r.log.Info("among the nodes", "node", r.opts.Self.Name)
	}
}

// noteFaultLocked notes what Redis answered to a beat. That it is down, or slow, is known from
// elsewhere: see package redis.
func (r *Registry) noteFaultLocked(now time.Time, err error) {
	switch {
	case err == nil, refused(err), errors.Is(err, errWaiting):
		r.fault, r.told = nil, false
		return
	case r.conn.State() == redis.Down, errors.Is(err, redis.ErrDown), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return
	case r.fault == nil:
		r.faulty = now
	}
	r.fault = redis.Explain(err)
	r.told = now.Sub(r.faulty) >= r.opts.pace.silence
}

// Close leaves: the others see it with their next look. It waits for the Registry's
// goroutine, and for Redis at most half a second. No watcher is called after it. The Conn
// is closed after it.
func (r *Registry) Close() {
	r.unwatch()
	r.stop()
	<-r.done
	r.leave()
}

// Self returns this node as the others see it.
func (r *Registry) Self() Node {
	report := r.opts.Report()
	r.mu.Lock()
	defer r.mu.Unlock()
	return Node{Self: r.opts.Self, Report: report.within(), Incarnation: r.incarnation, Draining: r.draining}
}

// Alive lists the live nodes by name, this one apart. It is empty while Err is not nil;
// while Redis is down it is as it was.
func (r *Registry) Alive() []Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view.alive()
}

// Node returns a live node of this name that is not this one.
func (r *Registry) Node(name string) (Node, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.view.nodes[name]; ok && s.alive {
		return s.node, true
	}
	return Node{}, false
}

// Online returns how many sessions all live nodes have, this one too.
func (r *Registry) Online() int {
	n := r.opts.Report().Online
	for _, other := range r.Alive() {
		n += other.Online
	}
	return n
}

// Protocol returns the newest version that every live node speaks.
func (r *Registry) Protocol() int {
	version := r.opts.Self.Protocol.Max
	for _, other := range r.Alive() {
		version = min(version, other.Protocol.Max)
	}
	return version
}

// Err returns why this node is not among the others: a refusal, of those or of Redis, or nil.
// It is ErrNotYet until Redis has answered, and while it is not known whether another has
// the name.
func (r *Registry) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.err != nil:
		return r.err
	case r.fault != nil && (r.told || !r.joined):
		return fmt.Errorf("redis refuses what a node needs: %w", r.fault)
	case !r.joined:
		return ErrNotYet
	}
	return nil
}
