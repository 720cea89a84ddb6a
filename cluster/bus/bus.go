package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

var (
	// ErrFull is for a message that has no room in the queue to its node. It is lost, and
	// the node hears of a gap.
	ErrFull = errors.New("bus: too much waits for this node")
	// ErrClosed is for what comes after Run's context has ended.
	ErrClosed = errors.New("bus: closed")
	// ErrRestarted is for a question to a process that is no more.
	ErrRestarted = errors.New("bus: the node that was asked has been restarted")
	// ErrLinks is for a message to one node more than a bus knows at a time.
	ErrLinks = fmt.Errorf("bus: more than %d nodes within %v", mostLinks, linkIdle)
)

// Bus is a node's end of the bus. Make one with New; its methods are safe for concurrent use.
type Bus struct {
	opts    Options
	log     *slog.Logger
	wire    wire
	self    Peer
	channel string
	sealer  *sealer
	opener  *opener                                             // of hear alone
	warned  time.Time                                           // of hear alone: of a twin
	take    func(*stream, Incarnation, uint64, int) (got taken) // (*stream).take

	life      life
	listening listening
	counts    counts

	mu    sync.RWMutex // guards what follows; taken before a link's
	links map[string]*link
	floor uint64 // the first number of a new link

	asking    sync.Mutex // guards what follows; taken after a link's
	question  uint64     // id of the last
	questions map[uint64]*asked
}

// New returns a bus, which does nothing before Run but queue. What is wrong with the options is
// an error that names the field.
func New(opts Options) (*Bus, error) {
	if opts.Client == nil {
		return nil, errors.New("bus: Client is nil; give it that of a redis.Conn")
	}
	return newBus(opts, redisWire{opts.Client})
}

func newBus(opts Options, w wire) (*Bus, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	self := Peer{Name: opts.Node}
	_, _ = rand.Read(self.Incarnation[:]) // never fails
	own := channel(opts.Node)
	return &Bus{
		opts: opts, log: opts.Logger, wire: w, self: self, channel: own,
		sealer: newSealer(opts.Key, self.Incarnation), opener: newOpener(opts.Key, own), take: (*stream).take,
		life:  life{closed: make(chan struct{})},
		links: make(map[string]*link), floor: 1, questions: make(map[uint64]*asked),
	}, nil
}

// Self returns who this end is to others.
func (b *Bus) Self() Peer { return b.self }

// Send sends a message to a node: to the process that has its name now. It never blocks, and
// does not keep payload, which may have MaxPayload bytes. Of what becomes of a message that
// was queued only the receiver hears (package doc).
func (b *Bus) Send(to string, kind uint8, payload []byte) error {
	return b.put(to, message{class: plain, kind: kind, payload: payload}, Incarnation{})
}

// put queues a message; with an incarnation only if the node still is that process.
func (b *Bus) put(to string, m message, only Incarnation) error {
	if len(m.payload) > MaxPayload {
		return fmt.Errorf("bus: the message has %d bytes; at most %d may be", len(m.payload), MaxPayload)
	}
	if b.life.over() {
		return ErrClosed
	}
	l, err := b.lockedLink(to)
	if err != nil {
		return err
	}
	defer l.mu.Unlock()
	if only != (Incarnation{}) && l.stream.now != only {
		return ErrRestarted
	}
	l.last = time.Now()
	ok := l.appendLocked(m, b.self.Name, b.opts.Queue, l.last)
	b.writeLocked(l)
	if !ok {
		b.counts.full.Add(1)
		return ErrFull
	}
	return nil
}

// Run connects the bus until ctx ends. Then it writes what can be written at once, and waits
// for its goroutines, among them those that are in a function of Options; what else waits is
// dropped. It can be called once.
func (b *Bus) Run(ctx context.Context) error {
	if !b.life.begin(ctx) {
		return errors.New("bus: Run was called before")
	}
	b.resume()
	var listener sync.WaitGroup
	listener.Go(func() { b.listen(ctx) })
	b.beats(ctx)
	listener.Wait()
	b.life.end(b.opts.Timeout)
	return nil
}

// resume starts the writers of what was queued before Run.
func (b *Bus) resume() {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, l := range b.links {
		l.mu.Lock()
		if len(l.out.queue) > 0 {
			b.writeLocked(l)
		}
		l.mu.Unlock()
	}
}
