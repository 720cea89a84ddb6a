package match_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

var crowdSize = flag.Int("crowd", 3000, "sessions of TestCrowd; 100000 takes a minute and 1 GB")

// member is a visitor in memory, and the server's end of its connection: what is
// written to it, it answers at once. It costs next to nothing, so that what is
// measured is the server.
type member struct {
	crowd *crowd
	n     int

	mu     sync.Mutex // guards what follows
	change sync.Cond
	in     []byte // for the server to read
	ended  bool
	late   bool // the deadline has passed
}

// crowd is many members before a real hub and HTTP server, in a bubble.
type crowd struct {
	*match.Hub
	members chan net.Conn
	done    chan struct{}

	mu       sync.Mutex
	received map[string]int // messages by type, and close frames by code and reason
	pairs    map[int]string // by member
}

// LocalAddr implements net.Conn, like the rest.
func (m *member) LocalAddr() net.Addr { return &net.TCPAddr{} }
func (m *member) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(10, byte(m.n>>16), byte(m.n>>8), byte(m.n))}
}

func (m *member) SetDeadline(at time.Time) error   { return m.SetReadDeadline(at) }
func (m *member) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline knows only whether it has passed.
func (m *member) SetReadDeadline(at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.late = !at.IsZero() && at.Before(time.Now())
	m.change.Broadcast()
	return nil
}

func (m *member) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	m.change.Broadcast()
	return nil
}

func (m *member) Read(into []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.in) == 0 {
		switch {
		case m.ended:
			return 0, io.EOF
		case m.late:
			return 0, os.ErrDeadlineExceeded
		}
		m.change.Wait()
	}
	n := copy(into, m.in)
	if m.in = m.in[n:]; len(m.in) == 0 {
		m.in = nil
	}
	return n, nil
}

// Write takes whole frames, as the hub writes them.
func (m *member) Write(data []byte) (int, error) {
	m.mu.Lock()
	ended := m.ended
	m.mu.Unlock()
	if ended {
		return 0, net.ErrClosed
	}
	if strings.HasPrefix(string(data), "HTTP/1.1 101 ") {
		m.frame(0x81, []byte(hello))
		return len(data), nil
	}
	for rest := data; len(rest) > 0; {
		opcode, size := rest[0], int(rest[1])
		rest = rest[2:]
		if size == 126 {
			size, rest = int(binary.BigEndian.Uint16(rest)), rest[2:]
		}
		m.crowd.take(m, opcode, rest[:size])
		rest = rest[size:]
	}
	return len(data), nil
}

// frame sends a frame of at most 125 bytes, whose mask is zero.
func (m *member) frame(opcode byte, payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.in = append(append(m.in, opcode, 0x80|byte(len(payload)), 0, 0, 0, 0), payload...)
	m.change.Broadcast()
}

// take is what a member does about a frame.
func (c *crowd) take(m *member, opcode byte, payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch opcode {
	case 0x81:
		var got struct{ Type, Pair string }
		if err := json.Unmarshal(payload, &got); err != nil {
			panic(err)
		}
		c.received[got.Type]++
		if got.Type == "matched" {
			c.pairs[m.n] = got.Pair
		}
	case 0x89:
		c.received["ping"]++
		m.frame(0x8a, payload)
	case 0x88:
		c.received[fmt.Sprintf("close %d %s", binary.BigEndian.Uint16(payload), payload[2:])]++
		m.frame(0x88, payload)
	default:
		panic(opcode)
	}
}

// Accept implements net.Listener, like the next two.
func (c *crowd) Accept() (net.Conn, error) {
	select {
	case conn := <-c.members:
		return conn, nil
	case <-c.done:
		return nil, net.ErrClosed
	}
}
func (c *crowd) Close() error   { return nil }
func (c *crowd) Addr() net.Addr { return &net.TCPAddr{} }

// gather lets n members in.
func (c *crowd) gather(n int) []*member {
	members := make([]*member, n)
	for i := range members {
		m := &member{crowd: c, n: i}
		m.change.L = &m.mu
		m.in = []byte("GET /ws HTTP/1.1\r\nHost: chat.example\r\nOrigin: http://chat.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: joingy.v1\r\n\r\n")
		members[i] = m
		c.members <- m
		if i%256 == 0 {
			synctest.Wait()
		}
	}
	synctest.Wait()
	return members
}

func (c *crowd) count(kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.received[kind]
}

// TestCrowd holds many sessions in the real hub: what each keeps, what all are
// told, and that they are asked to spread their return.
//
//	go test ./match -run TestCrowd -v -crowd 100000
func TestCrowd(t *testing.T) {
	// Bytes a session, the member's own 250 included.
	const maxHeap = 4<<10 + 256
	maxStack := int64(4<<10 + 512)
	if raceDetector {
		maxStack *= 2
	}
	synctest.Test(t, func(t *testing.T) {
		n := *crowdSize
		c := &crowd{members: make(chan net.Conn), done: make(chan struct{}), received: map[string]int{}, pairs: map[int]string{}}
		c.Hub = match.New(match.Options{
			Relay:   &crowdRelay{},
			ICEURLs: func(host string) []string { return []string{"turn:" + host} },
			Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
			Policy:  "v1", Patience: 3 * time.Second, ResumeGrace: 15 * time.Second, HelloTimeout: 5 * time.Second, SessionsPerAddress: 3,
		})
		server := &http.Server{Handler: c.Hub}
		served := make(chan error, 1)
		go func() { served <- server.Serve(c) }()
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() { c.Run(ctx); close(ran) }()

		before := memory()
		members := c.gather(n)
		if got := c.Online(); got != n || c.count("welcome") != n {
			t.Errorf("%d online, %d welcomes, want %d", got, c.count("welcome"), n)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := c.count("ping"); got != n {
			t.Errorf("%d pings in a round, want %d", got, n)
		}
		after := memory()
		heap, stack := (after.heap-before.heap)/int64(n), (after.stack-before.stack)/int64(n)
		t.Logf("figure: %d sessions in memory: %d bytes of heap, %d of stack each", n, heap, stack)
		if heap > maxHeap || stack > maxStack {
			t.Errorf("a session keeps %d bytes of heap and %d of stack, want at most %d and %d", heap, stack, maxHeap, maxStack)
		}

		// Those who came first knew a count that is wrong by now; nobody is told twice.
		told := c.count("online")
		if told == 0 || told > n {
			t.Errorf("%d of %d were told a count", told, n)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := c.count("online"); got != told {
			t.Errorf("%d were told what they knew", got-told)
		}

		chatting := min(n/10*2, 6000)
		for _, m := range members[:chatting] {
			m.frame(0x81, []byte(`{"type":"find","mode":"text"}`))
			synctest.Wait()
		}
		for _, m := range members[:chatting] {
			m.frame(0x81, []byte(`{"type":"text","id":"1","body":"hello","pair":"`+c.pairs[m.n]+`"}`))
		}
		synctest.Wait()
		if matched, texts, sent := c.count("matched"), c.count("text"), c.count("sent"); matched != chatting || texts != chatting || sent != chatting {
			t.Errorf("%d matched, %d texts, %d sent, want %d of each", matched, texts, sent, chatting)
		}

		if err := c.Hub.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if want := fmt.Sprintf("close 1001 %d", min(1+n/1000, 60)); c.count(want) != n {
			t.Errorf("%d closed, want %d with %q", c.count(want), n, want)
		}
		cancel()
		<-ran
		close(c.done)
		server.Close()
		<-served
	})
}

type memoryFigures struct{ heap, stack int64 }

// memory returns what lives.
func memory() memoryFigures {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memoryFigures{int64(m.HeapAlloc), int64(m.StackInuse)}
}

// crowdRelay keeps nothing.
type crowdRelay struct{}

func (*crowdRelay) Admit(ident.Session, netip.Addr) (string, string, time.Time) {
	return "user", "password", time.Now().Add(time.Hour)
}
func (*crowdRelay) Dismiss(ident.Session)          {}
func (*crowdRelay) CloseAllocations(ident.Session) {}
func (*crowdRelay) Join(_ ident.Pair, a, b ident.Session) error {
	if a == b {
		return errors.New("a pair of one")
	}
	return nil
}
func (*crowdRelay) Part(ident.Pair)                         {}
func (*crowdRelay) Owns(ident.Session, netip.AddrPort) bool { return false }
func (*crowdRelay) ClientAddrs(ident.Session) []netip.Addr  { return nil }
