package turn_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v2"
	"golang.org/x/sys/unix"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// A socket bound to no address answers from the one that it was asked at: a
// connected client takes no other.
func TestAnswersComeFromWhereTheyWereAsked(t *testing.T) {
	for _, test := range []struct{ listen, ask string }{
		{"0.0.0.0:0", "127.0.0.1"}, {"0.0.0.0:0", "127.0.0.77"}, {"[::]:0", "127.0.0.78"}, {"[::]:0", "::1"},
	} {
		t.Run(test.listen+" asked at "+test.ask, func(t *testing.T) {
			a, b := talkers(t, listening(t, test.listen, test.ask))
			if _, err := a.conn.Write(frame(0x4000, "relayed")); err != nil {
				t.Fatal(err)
			}
			if got := b.read(); string(got[4:]) != "relayed" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// talkers are two clients of a pair with a channel for each other each.
func talkers(t *testing.T, f *fixture) (a, b *raw) {
	t.Helper()
	one, two := ident.NewSession(), ident.NewSession()
	a, b = f.raw(t, f.Admit(one, loopback)), f.raw(t, f.Admit(two, loopback))
	addrs := []netip.AddrPort{a.mustAllocate(), b.mustAllocate()}
	if err := f.Join(ident.NewPair(), one, two); err != nil {
		t.Fatal(err)
	}
	for i, c := range []*raw{a, b} {
		if answer := c.do(channel, attr(stun.AttrChannelNumber, 0x40, byte(i), 0, 0), peer(addrs[1-i])); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
			t.Fatalf("ChannelBind: %v", answer)
		}
	}
	return a, b
}

// control calls f with the descriptor of a client's socket.
func (c *raw) control(f func(fd int) error) {
	c.t.Helper()
	conn, err := c.conn.(*net.UDPConn).SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil || failed != nil {
		c.t.Fatal(err, failed)
	}
}

func (c *raw) read() []byte {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(c.patience))
	buffer := make([]byte, 1<<16)
	n, err := c.conn.Read(buffer)
	if err != nil {
		c.t.Fatal(err)
	}
	return buffer[:n]
}

// What the kernel joins on the way in is taken apart, and a burst to one client
// leaves joined: clients see the datagrams that were sent, in their order.
func TestJoinedDatagrams(t *testing.T) {
	for _, test := range []struct{ listen, ask string }{
		{"127.0.0.1:0", "127.0.0.1"}, {"[::1]:0", "::1"}, {"[::]:0", "127.0.0.1"}, {"0.0.0.0:0", "127.0.0.1"},
	} {
		t.Run(test.listen+" asked at "+test.ask, func(t *testing.T) { joinedDatagrams(t, listening(t, test.listen, test.ask)) })
	}
}

// listening is a relay that listens at one address and is asked at another.
func listening(t *testing.T, listen, ask string) *fixture {
	t.Helper()
	s, err := turn.New(turn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.ListenUDP(listen); err != nil {
		t.Fatal(err)
	}
	udp := netip.AddrPortFrom(netip.MustParseAddr(ask), s.Addrs()[0].Port()).String()
	return &fixture{Server: s, udp: udp, patience: 10 * time.Second}
}

func joinedDatagrams(t *testing.T, f *fixture) {
	t.Helper()
	a, b := talkers(t, f)
	const count = 10
	var joined, want []byte
	for i := range count {
		data := fmt.Sprintf("number %d of a burst", i)
		joined = append(joined, frame(0x4000, data)...)
		want = append(want, frame(0x4001, data)...)
	}
	size := len(want) / count
	send := func() {
		a.control(func(fd int) error {
			return unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT, size)
		})
		if _, err := a.conn.Write(joined); err != nil {
			t.Fatal(err)
		}
	}
	send()
	var got []byte
	for range count {
		one := b.read()
		if len(one) != size {
			t.Fatalf("a datagram of %d bytes, want %d", len(one), size)
		}
		got = append(got, one...)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	b.control(func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1) })
	send()
	if got := b.read(); !bytes.Equal(got, want) {
		t.Errorf("the burst left as %d bytes at once, want %d", len(got), len(want))
	}
}

// Datagrams too long for a path of 1,500 bytes are not joined, and nothing is
// lost where the kernel refuses a joined message.
func TestLongAndMixedDatagrams(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b := talkers(t, f)
	for _, size := range []int{1, 1580, 1580, 1200, 1200, 1200, 7, 1200, 0, 3} {
		data := string(bytes.Repeat([]byte{'x'}, size))
		if _, err := a.conn.Write(frame(0x4000, data)); err != nil {
			t.Fatal(err)
		}
		if got := b.read(); !bytes.Equal(got, frame(0x4001, data)) {
			t.Errorf("%d bytes came as %d", size, len(got)-4)
		}
	}
}

// Clients of different sockets of one address reach each other.
func TestSocketsShareAnAddress(t *testing.T) {
	f := listening(t, "127.0.0.1:0", "127.0.0.1")
	if n := len(f.Addrs()); n != 1 {
		t.Errorf("%d addresses, want 1", n)
	}
	for range 20 { // the kernel spreads them
		a, b := talkers(t, f)
		for _, pair := range [][2]*raw{{a, b}, {b, a}} {
			number := uint16(0x4000)
			if pair[0] == b {
				number++
			}
			if _, err := pair[0].conn.Write(frame(number, "hello")); err != nil {
				t.Fatal(err)
			}
			if got := pair[1].read(); string(got[4:]) != "hello" {
				t.Errorf("got %q", got)
			}
		}
	}
	if err := f.ListenUDP(f.udp); err == nil {
		t.Error("a second relay shares the address unnoticed")
	}
}
