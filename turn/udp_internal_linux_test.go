package turn

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func socketAndClient(t *testing.T) (*linuxSocket, *net.UDPConn) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := newUDPSocket(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.close() })
	client, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return socket.(*linuxSocket), client
}

// A joined message that the kernel refuses to take apart (here: since the socket
// makes no checksums) is sent a datagram at a time, and in order.
func TestRefusedJoinedMessageIsSentApart(t *testing.T) {
	socket, client := socketAndClient(t)
	if !socket.gso.Load() {
		t.Skip("this kernel joins nothing (UDP_SEGMENT)")
	}
	if err := unix.SetsockoptInt(socket.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		t.Fatal(err)
	}
	var c counters
	w := socket.writer(&c)
	to := endpointOf(addrPort(client.LocalAddr()))
	frames := []string{"one", "two", "six", "4"}
	for _, frame := range frames {
		w.add(to, netip.MustParseAddr("127.0.0.1"), []byte(frame))
	}
	if n := w.(*linuxWriter).count; n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
	w.flush()
	buffer := make([]byte, 100)
	client.SetReadDeadline(time.Now().Add(10 * time.Second))
	for _, want := range frames {
		n, err := client.Read(buffer)
		if err != nil || !bytes.Equal(buffer[:n], []byte(want)) {
			t.Errorf("read %q, %v; want %q", buffer[:n], err, want)
		}
	}
	for i, reason := range dropReasons {
		if n := c.drops[i].Load(); n != 0 {
			t.Errorf("%d dropped as %s", n, reason)
		}
	}
}

// What can never be sent is counted, and what follows it is sent.
func TestUnsendableIsCounted(t *testing.T) {
	socket, client := socketAndClient(t)
	var c counters
	w := socket.writer(&c)
	w.add(endpointOf(netip.MustParseAddrPort("127.0.0.1:0")), netip.Addr{}, []byte("to no port"))
	w.add(endpointOf(addrPort(client.LocalAddr())), netip.Addr{}, []byte("to a client"))
	w.flush()
	buffer := make([]byte, 100)
	client.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := client.Read(buffer); err != nil || string(buffer[:n]) != "to a client" {
		t.Errorf("read %q, %v", buffer[:n], err)
	}
	if n := c.drops[slices.Index(dropReasons[:], DropUnsent)].Load(); n != 1 {
		t.Errorf("%d counted as unsent, want 1", n)
	}
}
