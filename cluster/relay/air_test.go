package relay_test

import (
	"context"
	"sync"
	"time"
)

// air carries messages between nodes, each link in order, as the bus does: after what was
// lost it tells of a gap before the next message, or when it is mended.
type air struct {
	delay time.Duration
	ctx   context.Context
	group sync.WaitGroup

	mu    sync.Mutex // guards what follows
	ends  map[string]end
	links map[[2]string]*airLink
	count map[uint8]int // messages, by kind
}

// end is a node's.
type end struct {
	handle func(from string, kind uint8, message []byte)
	gap    func(from string)
}

type airLink struct {
	queue  chan airMessage
	cut    bool // everything is lost
	lose   int  // messages to lose
	silent bool // without a gap
	gap    bool // owed
}

type airMessage struct {
	at      time.Time
	kind    uint8
	message []byte
	lost    bool
}

func newAir(ctx context.Context) *air {
	return &air{
		delay: 2 * time.Millisecond, ctx: ctx,
		ends: make(map[string]end), links: make(map[[2]string]*airLink), count: make(map[uint8]int),
	}
}

// join gives a node an end, or takes it away; whoever hears of it or is heard by it next
// hears of a gap first.
func (a *air) join(name string, e *end) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.ends, name)
	if e != nil {
		a.ends[name] = *e
	}
	for ends, l := range a.links {
		l.gap = l.gap || ends[0] == name || ends[1] == name
	}
}

func (a *air) linkLocked(from, to string) *airLink {
	l := a.links[[2]string{from, to}]
	if l == nil {
		l = &airLink{queue: make(chan airMessage, 10_000), gap: true}
		a.links[[2]string{from, to}] = l
		a.group.Go(func() { a.carry(l, from, to) })
	}
	return l
}

func (a *air) send(from, to string, kind uint8, message []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.linkLocked(from, to)
	a.count[kind]++
	lost := l.cut || l.lose > 0
	l.lose = max(l.lose-1, 0)
	l.queue <- airMessage{time.Now().Add(a.delay), kind, append([]byte(nil), message...), lost}
}

func (a *air) carry(l *airLink, from, to string) {
	for {
		var m airMessage
		select {
		case <-a.ctx.Done():
			return
		case m = <-l.queue:
		}
		time.Sleep(time.Until(m.at))
		a.mu.Lock()
		e, there := a.ends[to]
		gap := l.gap
		l.gap = m.lost && !l.silent || !there || l.cut
		a.mu.Unlock()
		if m.lost || !there {
			continue
		}
		if gap {
			e.gap(from)
		}
		e.handle(from, m.kind, m.message)
	}
}

// lose loses the next messages from one node to another; silently, as no bus should.
func (a *air) lose(from, to string, n int, silently bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.linkLocked(from, to)
	l.lose, l.silent = n, silently
}

// cut loses everything between two nodes, until it is mended; then both hear of it.
func (a *air) cut(one, two string, cut bool) {
	for _, ends := range [2][2]string{{one, two}, {two, one}} {
		a.mu.Lock()
		l := a.linkLocked(ends[0], ends[1])
		l.cut = cut
		e, there := a.ends[ends[1]]
		told := !cut && there && l.gap
		if told {
			l.gap = false
		}
		a.mu.Unlock()
		if told {
			e.gap(ends[0])
		}
	}
}

// line is a node's way into the air.
type line struct {
	air  *air
	name string
}

func (l line) Send(to string, kind uint8, message []byte) error {
	l.air.send(l.name, to, kind, message)
	return nil
}
