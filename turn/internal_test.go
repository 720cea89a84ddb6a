package turn

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestAddressPoolRests(t *testing.T) {
	var p addressPool
	now := time.Unix(0, 0)
	unused := func(netip.AddrPort) bool { return false }
	seen := make(map[netip.AddrPort]bool)
	for range 1000 {
		addr, err := p.draw(now, 0, unused)
		if err != nil || !RelayRange.Contains(addr.Addr()) || addr.Port() < firstPort || seen[addr] {
			t.Fatalf("draw = %v, %v", addr, err)
		}
		seen[addr] = true
		p.release(now, addr)
	}
	if len(p.resting) != 1000 {
		t.Errorf("%d addresses rest, want 1000", len(p.resting))
	}
	p.wake(now.Add(restTime - 1))
	if len(p.resting) != 1000 {
		t.Error("addresses woke too early")
	}
	p.wake(now.Add(restTime))
	if len(p.resting) != 0 || len(p.queue) != 0 {
		t.Error("addresses still rest after their time")
	}
	if _, err := p.draw(now, 0, func(netip.AddrPort) bool { return true }); err != errNoAddress {
		t.Errorf("draw from an exhausted pool = %v", err)
	}
	if addr, _ := p.draw(now, 4242, unused); addr.Port() != 4242 {
		t.Errorf("draw ignored the port: %v", addr)
	}
}

func TestFrameSize(t *testing.T) {
	for _, test := range []struct {
		head []byte
		want int // 0: refused
	}{
		{[]byte{0, 1, 0, 0}, 20},
		{[]byte{0, 3, 0, 8}, 28},
		{[]byte{0, 3, 0, 7}, 0},
		{[]byte{0x40, 0, 0, 0}, 4},
		{[]byte{0x40, 0, 0, 1}, 8},
		{[]byte{0x4f, 0xff, 0x04, 0xb0}, 1204},
		{[]byte{0x40, 0, 0xff, 0xfc}, 0},
		{[]byte{0, 1, 0xff, 0xec}, 0},
		{[]byte{0, 1, 0xff, 0xff}, 0},
		{[]byte{0x80, 0, 0, 0}, 0},
		{[]byte{0xff, 0xff, 0, 0}, 0},
	} {
		got, err := frameSize(test.head)
		if got != test.want || (err != nil) != (test.want == 0) {
			t.Errorf("frameSize(%x) = %d, %v; want %d", test.head, got, err, test.want)
		}
	}
}

// streamPair is a streamConn in memory and its client's end.
func streamPair(t *testing.T, allocated bool) (*streamConn, net.Conn) {
	t.Helper()
	client, server := net.Pipe()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	inner := s.newListener("tcp", server.LocalAddr())
	if allocated {
		inner.clients.put(&relay{source: endpointOf(addrPort(server.RemoteAddr()))})
	}
	c := newStreamListener(inner, nil).add(server)
	t.Cleanup(func() { client.Close(); c.Conn.Close() })
	return c, client
}

// Trial T2: the lengths on which pion's framing spins end the connection.
func TestT2FramesThatWrap(t *testing.T) {
	heads := [][]byte{{0x40, 0, 0xff, 0xfc}}
	for length := 0xffec; length <= 0xffff; length++ {
		heads = append(heads, []byte{0, 1, byte(length >> 8), byte(length)})
	}
	for _, head := range heads {
		c, client := streamPair(t, false)
		go client.Write(append(head, bytes.Repeat([]byte{0}, 40)...))
		if _, err := c.next(make([]byte, maxFrame)); err != errFrame {
			t.Errorf("%x: next error = %v, want errFrame", head, err)
		}
	}
}

func TestStreamHandsOutWholeFrames(t *testing.T) {
	c, client := streamPair(t, false)
	frames := [][]byte{
		append([]byte{0, 1, 0, 4}, make([]byte, 20)...),
		{0x40, 1, 0, 3, 'a', 'b', 'c', 0},
		{0x40, 1, 0, 0},
	}
	go func() {
		for _, b := range bytes.Join(frames, nil) { // one byte at a time
			client.Write([]byte{b})
		}
	}()
	for _, want := range frames {
		got := make([]byte, 1600)
		got, err := c.next(got)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("next = %x, %v; want %x", got, err, want)
		}
	}
}

// Trial T11: idle and dripping connections end at a deadline.
func TestT11Deadlines(t *testing.T) {
	for _, test := range []struct {
		name      string
		allocated bool
		drip      []byte
		want      time.Duration
	}{
		{"silent stranger", false, nil, strangerTimeout},
		{"silent with an allocation", true, nil, allocatedTimeout},
		{"half a frame", true, []byte{0, 1}, frameTimeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, client := streamPair(t, test.allocated)
				if test.drip != nil {
					go client.Write(test.drip)
				}
				start := time.Now()
				if _, err := c.next(make([]byte, maxFrame)); err == nil {
					t.Error("next succeeded")
				}
				if got := time.Since(start); got != test.want {
					t.Errorf("ended after %v, want %v", got, test.want)
				}
			})
		})
	}
}

// Trial T11: a stranger who chatters is not a friend; a good credential is one.
func TestT11ChatterDoesNotHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := streamPair(t, false)
		chatter := append([]byte{0, 0x16, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...)
		go func() {
			for {
				if _, err := client.Write(chatter); err != nil {
					return
				}
				time.Sleep(strangerTimeout * 2 / 3)
			}
		}()
		start := time.Now()
		for {
			frame, err := c.next(make([]byte, maxFrame))
			if err != nil {
				break
			}
			if err := c.patience(c.owner.listener.judge(frame, c.client)); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got != strangerTimeout {
			t.Errorf("ended after %v, want %v", got, strangerTimeout)
		}
		client.Close()

		c, _ = streamPair(t, false)
		time.Sleep(strangerTimeout - time.Second)
		c.patience(verdict{key: []byte("key")})
		start = time.Now()
		if _, err := c.next(make([]byte, maxFrame)); err == nil || time.Since(start) != strangerTimeout {
			t.Errorf("after a good credential ended after %v, %v", time.Since(start), err)
		}
	})
}

// One source has a bounded number of connections, and gets their places back.
func TestConnectionsOfOneSource(t *testing.T) {
	s, err := New(Options{AllocationsPerSource: 10})
	if err != nil {
		t.Fatal(err)
	}
	l := newStreamListener(s.newListener("tcp", &net.TCPAddr{}), nil)
	var conns []*streamConn
	for port := 1; ; port++ {
		_, server := net.Pipe()
		c := l.add(from{server, port})
		if c == nil {
			break
		}
		conns = append(conns, c)
	}
	if want := 10 + spareConnections; len(conns) != want {
		t.Errorf("%d connections, want %d", len(conns), want)
	}
	if n := s.Stats().ByTransport["tcp"].Drops[DropConnection]; n != 1 {
		t.Errorf("%d counted, want 1", n)
	}
	for _, c := range conns {
		c.Close()
		c.Close()
		s.readers.Done()
	}
	if len(l.bySource) != 0 || len(l.conns) != 0 {
		t.Errorf("%d sources and %d connections are left", len(l.bySource), len(l.conns))
	}
}

// from is a connection of one host, from a port of its own.
type from struct {
	net.Conn
	port int
}

func (f from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: f.port} }

// A client that reads too slowly loses what is too much for its queue, and
// nobody waits for it; one that reads nothing for long loses its connection.
func TestSlowReaderLosesItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := streamPair(t, true)
		frame := append([]byte{0x40, 0, 0x03, 0xe7}, make([]byte, 999)...)
		queued := 0
		for c.enqueue(frame) == "" {
			queued++
			synctest.Wait()
		}
		if want := maxQueued/1004 + 1; queued != want { // one is being written
			t.Errorf("%d frames queued, want %d", queued, want)
		}
		if reason := c.enqueue(frame); reason != DropQueueFull {
			t.Errorf("dropped for %q, want %q", reason, DropQueueFull)
		}
		got := make([]byte, 1004)
		for range queued {
			if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got[:1003], frame) || got[1003] != 0 {
				t.Fatalf("got %x, %v", got, err)
			}
		}
		synctest.Wait()
		if reason := c.enqueue(frame); reason != "" {
			t.Errorf("dropped for %q after all was read", reason)
		}
		time.Sleep(writeTimeout + time.Second)
		if reason := c.enqueue(frame); reason != DropUnsent {
			t.Errorf("dropped for %q, want %q", reason, DropUnsent)
		}
		if _, err := client.Read(got); err != io.EOF {
			t.Errorf("client's Read = %v, want EOF", err)
		}
	})
}

func TestSplitUsername(t *testing.T) {
	for username, want := range map[string]bool{
		"1700000000:abc": true, "1700000000:": true, "1700000000": false, "": false, ":abc": false,
		"+1:abc": false, "01:abc": false, " 1:abc": false, "99999999999999999999:abc": false,
	} {
		if _, _, ok := splitUsername(username); ok != want {
			t.Errorf("splitUsername(%q) ok = %v, want %v", username, ok, want)
		}
	}
}
