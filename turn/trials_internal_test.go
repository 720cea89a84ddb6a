package turn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v2"
	pion "github.com/pion/turn/v4"
)

// Trial T1: the test vectors of RFC 5769.
func TestT1Vectors(t *testing.T) {
	vectors := []struct {
		name, raw string
		key       []byte
		mapped    string
	}{
		{"2.1 request", "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\x80\x22\x00\x10STUN test client" +
			"\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09evtj:h6vY   " +
			"\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf",
			[]byte("VOkJxbRl1RmTxUk/WvJxBt"), ""},
		{"2.2 IPv4 response", "\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\x80\x22\x00\x0btest vector " +
			"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43" +
			"\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\x80\x28\x00\x04\xc0\x7d\x4c\x96",
			[]byte("VOkJxbRl1RmTxUk/WvJxBt"), "192.0.2.1:32853"},
		{"2.3 IPv6 response", "\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\x80\x22\x00\x0btest vector " +
			"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9" +
			"\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed\x41\x80\x28\x00\x04\xc8\xfb\x0b\x4c",
			[]byte("VOkJxbRl1RmTxUk/WvJxBt"), "[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
		{"2.4 long-term request", "\x00\x01\x00\x60\x21\x12\xa4\x42\x78\xad\x34\x33\xc6\xad\x72\xc0\x29\xda\x41\x2e" +
			"\x00\x06\x00\x12\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9\x00\x00" +
			"\x00\x15\x00\x1cf//499k954d6OL34oL9FSTvy64sA\x00\x14\x00\x0bexample.org\x00" +
			"\x00\x08\x00\x14\xf6\x70\x24\x65\x6d\xd6\x4a\x3e\x02\xb8\xe0\x71\x2e\x85\xc9\xa2\x8c\xa8\x96\x66",
			longTermKey("マトリックス", "example.org", "TheMatrIX"), ""},
	}
	matched := 0
	for _, v := range vectors {
		m, ok := parseMessage([]byte(v.raw))
		if !ok || m.integrity == 0 || !m.signedBy(v.key) || m.signedBy([]byte("another key")) {
			t.Errorf("%s: parsed %v, signature wrong", v.name, ok)
			continue
		}
		if v.mapped != "" {
			value, _ := m.get(0x0020)
			if got, ok := m.xorAddress(value); !ok || got.String() != v.mapped {
				t.Errorf("%s: XOR-MAPPED-ADDRESS = %v, want %s", v.name, got, v.mapped)
			}
		}
		matched++
	}
	t.Logf("figure: %d/%d", matched, len(vectors))
}

// Trial T2, the other side of it: what pion alone makes of such a frame. If this
// fails, pion has mended it.
func TestT2PionAloneSpins(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go client.Write(append([]byte{0, 1, 0xff, 0xec, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 40)...))
	conn := pion.NewSTUNConn(server)
	for range 1000 {
		if n, _, err := conn.ReadFrom(make([]byte, 1600)); n != 0 || err != nil {
			t.Fatalf("ReadFrom = %d, %v; want 0, nil for ever", n, err)
		}
	}
}

// script is a socket that delivers what it is told to, and counts the answers.
type script struct {
	net.PacketConn
	next    func() ([]byte, net.Addr, bool)
	done    chan struct{}
	once    sync.Once
	answers int
	bytes   int
}

func newScript(next func() ([]byte, net.Addr, bool)) *script {
	return &script{next: next, done: make(chan struct{})}
}

func (s *script) ReadFrom(into []byte) (int, net.Addr, error) {
	data, from, more := s.next()
	if !more {
		s.once.Do(func() { close(s.done) })
		return 0, nil, net.ErrClosed
	}
	return copy(into, data), from, nil
}

func (s *script) WriteTo(data []byte, _ net.Addr) (int, error) {
	s.answers++
	s.bytes += len(data)
	return len(data), nil
}

func (s *script) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3478} }
func (s *script) Close() error        { return nil }

// play feeds a relay of its own with n datagrams.
func play(t *testing.T, opts Options, n int, datagram func(i int) ([]byte, net.Addr)) *script {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	conn := newScript(func() ([]byte, net.Addr, bool) {
		if i == n {
			return nil, nil, false
		}
		i++
		data, from := datagram(i - 1)
		return data, from, true
	})
	if err := s.ServeUDP(conn); err != nil {
		t.Fatal(err)
	}
	<-conn.done
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return conn
}

func source(i int) net.Addr {
	return &net.UDPAddr{IP: net.IPv4(11, byte(i>>16), byte(i>>8), byte(i)), Port: 1024 + i%60000}
}

// Trial T7: an Allocate flood without credentials, from a million sources.
func TestT7AllocateFlood(t *testing.T) {
	request, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	conn := play(t, Options{}, 1_000_000, func(i int) ([]byte, net.Addr) { return request.Raw, source(i) })
	grown := int64(heap()) - int64(before)
	if grown > 4<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
	t.Logf("figure: heap %+d KiB, %d of 1000000 answered", grown>>10, conn.answers)
}

// Trial T6: answers to one source that does not authenticate, over ten seconds
// of a clock that stands still in between.
func TestT6Amplification(t *testing.T) {
	for name, kind := range map[string]stun.MessageType{"Binding": stun.BindingRequest, "Allocate": stun.NewType(stun.MethodAllocate, stun.ClassRequest)} {
		request, err := stun.Build(stun.TransactionID, kind)
		if err != nil {
			t.Fatal(err)
		}
		const requests, seconds = 10_000, 10
		now := time.Unix(0, 0)
		conn := play(t, Options{Now: func() time.Time { return now }}, requests, func(i int) ([]byte, net.Addr) {
			now = time.Unix(int64(i*seconds/requests), 0)
			return request.Raw, source(7)
		})
		sent := requests * len(request.Raw)
		if ratio := float64(conn.bytes) / float64(sent); ratio > 0.1 {
			t.Errorf("%s: amplification %.2f over a flood", name, ratio)
		}
		if conn.answers > strangerBurst+strangerRate*seconds || conn.answers == 0 {
			t.Errorf("%s: %d answers", name, conn.answers)
		}
		t.Logf("figure: %s: %.1f answers/s, %d bytes for %d at most, ratio %.3f over the flood", name,
			float64(conn.answers)/seconds, conn.bytes/conn.answers, len(request.Raw), float64(conn.bytes)/float64(sent))
	}
}

// Trial T8: password guessing from one source.
func TestT8Guessing(t *testing.T) {
	const requests, seconds = 20_000, 10
	now := time.Unix(0, 0)
	conn := play(t, Options{Now: func() time.Time { return now }}, requests, func(i int) ([]byte, net.Addr) {
		now = time.Unix(int64(i*seconds/requests), 0)
		guess, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest),
			stun.NewUsername("4000000000:somebody"), stun.NewRealm("joingyd"), stun.NewNonce("nonce"),
			stun.NewLongTermIntegrity("4000000000:somebody", "joingyd", fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		return guess.Raw, source(7)
	})
	if conn.answers > strangerBurst+strangerRate*seconds {
		t.Errorf("%d guesses were answered in %d s", conn.answers, seconds)
	}
	t.Logf("figure: %.1f guesses/s answered, of %d/s made", float64(conn.answers)/seconds, requests/seconds)
}

// A known source keeps its budget while strangers are silenced.
func TestKnownSourcesAreAnswered(t *testing.T) {
	a := newAnswers()
	now := time.Unix(0, 0)
	visitor := netip.MustParseAddr("192.0.2.1")
	a.meet(visitor)
	for i := range 100_000 {
		a.allow(now, addrPort(source(i)).Addr())
	}
	for i := range knownBurst {
		if !a.allow(now, visitor) {
			t.Fatalf("a visitor was silenced after %d answers, by a flood of strangers", i)
		}
	}
	if a.allow(now, visitor) {
		t.Error("a visitor's budget has no end")
	}
	a.part(visitor)
	if len(a.known) != 0 {
		t.Error("a source is known after its last session")
	}
}

// Trial T13: permission and channel floods by one user. Allocations and EVEN-PORT
// are in TestLimits and TestGate.
func TestT13Floods(t *testing.T) {
	var g grants
	var p pair
	permissions, channels := 0, 0
	for i := range 10_000 {
		if g.permit(0, []netip.Addr{addrPort(source(i)).Addr()}, []*pair{&p}) {
			permissions++
		}
	}
	for i := range 0x1000 {
		if g.bind(0, uint16(0x4000+i), netip.AddrPortFrom(addrPort(source(0)).Addr(), uint16(i+1)), &p) == bound {
			channels++
		}
	}
	if permissions != maxPermissions || channels != maxChannels {
		t.Errorf("%d permissions and %d channels", permissions, channels)
	}
	if g.bind(channelLifetime, 0x4001, netip.MustParseAddrPort("192.0.2.1:1"), &p) != bound {
		t.Error("no room after all have ended")
	}
	t.Logf("figure: %d permissions of 10000, %d channels of 4096", permissions, channels)
}

// emfile is a listener of a process that has no descriptors left, for a while.
type emfile struct {
	failures int
	conns    chan net.Conn
}

func (l *emfile) Accept() (net.Conn, error) {
	if l.failures > 0 {
		l.failures--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	conn, open := <-l.conns
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (l *emfile) Close() error   { close(l.conns); return nil }
func (l *emfile) Addr() net.Addr { return &net.TCPAddr{} }

// addressed is an in-memory connection that pion takes for TCP.
type addressed struct{ net.Conn }

func (addressed) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1234} }
func (addressed) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 3478} }

// Trial P1: descriptors run out, then there are some again.
func TestP1DescriptorsRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		accept := &emfile{failures: 20, conns: make(chan net.Conn)}
		if err := s.ServeStream("tcp", accept); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		client, server := net.Pipe()
		accept.conns <- addressed{server}
		t.Logf("figure: accepts again after %v", time.Since(start))
		binding, err := stun.Build(stun.TransactionID, stun.BindingRequest)
		if err != nil {
			t.Fatal(err)
		}
		go client.Write(binding.Raw)
		if _, err := client.Read(make([]byte, 100)); err != nil {
			t.Errorf("no answer: %v", err)
		}
		client.Close()
		if err := s.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}
