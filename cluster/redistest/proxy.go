package redistest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes TCP connections on to a server, and is a network that can be slow or
// broken. It ends with the test.
type Proxy struct {
	target   string
	listener net.Listener
	done     sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	latency time.Duration         // guarded by mu; each way
	hole    bool                  // guarded by mu
	refuse  bool                  // guarded by mu
	closed  bool                  // guarded by mu
	conns   map[net.Conn]struct{} // guarded by mu; both sides of each
}

// NewProxy returns a proxy before target (HOST:PORT).
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{target: target, listener: listener, conns: map[net.Conn]struct{}{}}
	p.changed = sync.NewCond(&p.mu)
	p.done.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr returns HOST:PORT of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// URL returns the address as the setting cluster.redis has it.
func (p *Proxy) URL() string { return "redis://" + p.Addr() }

// SetLatency delays what goes through from now on, by d each way.
func (p *Proxy) SetLatency(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = d
}

// Blackhole lets nothing through while it is on: connections stay, new ones are
// accepted, nothing arrives, as behind a broken link. What was said meanwhile arrives
// once it is off.
func (p *Proxy) Blackhole(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = on
	p.changed.Broadcast()
}

// Refuse closes new connections at once while it is on.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = on
}

// Cut closes all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.changed.Broadcast()
	p.mu.Unlock()
	p.Cut()
	p.done.Wait()
}

func (p *Proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		refuse := p.refuse
		p.mu.Unlock()
		if refuse {
			_ = near.Close()
			continue
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.mu.Lock()
		closed := p.closed
		p.conns[near], p.conns[far] = struct{}{}, struct{}{}
		p.mu.Unlock()
		if closed {
			_, _ = near.Close(), far.Close()
		}
		p.done.Go(func() { p.pass(near, far) })
		p.done.Go(func() { p.pass(far, near) })
	}
}

// piece is what was read at a time.
type piece struct {
	data []byte
	at   time.Time
}

// pass carries from one side to the other until one is closed, and then closes both.
func (p *Proxy) pass(from, to net.Conn) {
	pieces := make(chan piece, 1024) // under way; a full one holds the reader back
	p.done.Go(func() {
		defer close(pieces)
		for buffer := make([]byte, 64<<10); ; {
			n, err := from.Read(buffer)
			if n > 0 {
				pieces <- piece{append([]byte(nil), buffer[:n]...), time.Now()}
			}
			if err != nil {
				return
			}
		}
	})
	broken := false
	for piece := range pieces {
		if broken || !p.mayPass(piece.at) {
			continue
		}
		if _, err := to.Write(piece.data); err != nil {
			broken = true
			_ = from.Close()
		}
	}
	_, _ = from.Close(), to.Close()
	p.mu.Lock()
	delete(p.conns, from)
	delete(p.conns, to)
	p.mu.Unlock()
}

// mayPass waits as long as what was read at the given time is under way, and reports
// whether the proxy still stands.
func (p *Proxy) mayPass(at time.Time) bool {
	p.mu.Lock()
	latency := p.latency
	p.mu.Unlock()
	time.Sleep(time.Until(at.Add(latency)))
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.hole && !p.closed {
		p.changed.Wait()
	}
	return !p.closed
}
