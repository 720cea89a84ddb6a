package trial_test

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// balancer sends each connection to a node that says that it is ready, at random, from the
// visitor's own address: all of 127.0.0.0/8 is this machine's.
type balancer struct {
	nodes    []*node
	listener net.Listener
	done     sync.WaitGroup
	closing  chan struct{}

	mu    sync.Mutex // guards what follows
	ready []*node
	at    map[netip.Addr]*node // where a visitor was last sent to
	conns map[net.Conn]struct{}
}

func newBalancer(t *testing.T, nodes []*node) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{nodes: nodes, listener: listener, closing: make(chan struct{}), ready: nodes, at: map[netip.Addr]*node{}, conns: map[net.Conn]struct{}{}}
	b.done.Go(b.accept)
	b.done.Go(b.look)
	t.Cleanup(b.close)
	return b
}

func (b *balancer) url() string { return "http://" + b.listener.Addr().String() }

func (b *balancer) close() {
	b.listener.Close()
	close(b.closing)
	b.mu.Lock()
	for c := range b.conns {
		c.Close()
	}
	b.mu.Unlock()
	b.done.Wait()
}

// nodeOf returns the name of the node that a visitor was last sent to.
func (b *balancer) nodeOf(addr netip.Addr) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.at[addr]; n != nil {
		return n.name
	}
	return ""
}

// look asks the nodes whether they are ready, as balancers do.
func (b *balancer) look() {
	client := http.Client{Timeout: 500 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		ready := make([]*node, len(b.nodes))
		var asking sync.WaitGroup
		for i, n := range b.nodes {
			asking.Go(func() {
				response, err := client.Get("http://" + n.listen + "/readyz")
				if err != nil {
					return
				}
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					ready[i] = n
				}
			})
		}
		asking.Wait()
		b.mu.Lock()
		b.ready = nil
		for _, n := range ready {
			if n != nil {
				b.ready = append(b.ready, n)
			}
		}
		b.mu.Unlock()
		select {
		case <-b.closing:
			return
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (b *balancer) accept() {
	for {
		near, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.done.Go(func() { b.serve(near) })
	}
}

func (b *balancer) serve(near net.Conn) {
	defer near.Close()
	from := near.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	b.mu.Lock()
	choice := append([]*node(nil), b.ready...)
	b.mu.Unlock()
	rand.Shuffle(len(choice), func(i, j int) { choice[i], choice[j] = choice[j], choice[i] })
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: time.Second}
	for _, n := range choice {
		far, err := dialer.Dial("tcp", n.listen)
		if err != nil {
			continue
		}
		defer far.Close()
		b.mu.Lock()
		b.at[from] = n
		b.conns[near], b.conns[far] = struct{}{}, struct{}{}
		b.mu.Unlock()
		var up sync.WaitGroup
		up.Go(func() {
			io.Copy(far, near) //nolint:errcheck // either side may go
			far.Close()
		})
		io.Copy(near, far) //nolint:errcheck // either side may go
		near.Close()
		up.Wait()
		b.mu.Lock()
		delete(b.conns, near)
		delete(b.conns, far)
		b.mu.Unlock()
		return
	}
}
