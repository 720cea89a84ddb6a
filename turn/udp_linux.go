package turn

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	readBatch    = 64
	writeBatch   = 64
	writePieces  = 256      // of memory in one batch of writes
	socketBuffer = 16 << 20 // bytes, each way; the kernel may give less
	joinedSize   = 1 << 16  // bytes: the most that the kernel joins to one datagram
	maxJoined    = 64       // datagrams that it takes apart (UDP_MAX_SEGMENTS)
	maxSegment   = 1472     // bytes; longer datagrams are sent alone, since no path of 1,500 bytes takes them joined
	maxBytes     = 65_000   // of a joined message
	controlSize  = 128      // bytes, for a packet's local address and segment size
)

// linuxSocket reads and writes with recvmmsg and sendmmsg. Its reads block their
// thread: that costs one system call a batch, where Go's poller costs three.
type linuxSocket struct {
	file    *os.File
	fd      int
	six     bool        // of family AF_INET6
	local   bool        // bound to no address: each packet's own counts
	gro     bool        // the kernel joins what it receives
	gso     atomic.Bool // the kernel takes apart what it is given joined
	stopped atomic.Bool
}

// newUDPSocket takes the socket over from Go's poller, and from conn.
func newUDPSocket(conn net.PacketConn) (udpSocket, error) {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return newPortableSocket(conn), nil
	}
	file, err := udp.File()
	if err != nil {
		return nil, err
	}
	s := &linuxSocket{file: file, fd: int(file.Fd())} // Fd makes it block
	if err := errors.Join(udp.Close(), s.configure(addrPort(conn.LocalAddr()).Addr())); err != nil {
		file.Close()
		return nil, err
	}
	return s, nil
}

// configure asks for what makes the socket fast; what an old kernel lacks is done
// without.
func (s *linuxSocket) configure(bound netip.Addr) error {
	fd := s.fd
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return err
	}
	s.six = domain == unix.AF_INET6
	s.local = bound.IsUnspecified()
	if s.local {
		level, option := unix.IPPROTO_IP, unix.IP_PKTINFO
		if s.six {
			level, option = unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO
		}
		if err := unix.SetsockoptInt(fd, level, option, 1); err != nil {
			return err
		}
	}
	for force, option := range map[int]int{unix.SO_RCVBUFFORCE: unix.SO_RCVBUF, unix.SO_SNDBUFFORCE: unix.SO_SNDBUF} {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, socketBuffer) != nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, socketBuffer) // as much as the kernel allows
		}
	}
	s.gro = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1) == nil
	s.gso.Store(unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT, 0) == nil)
	return nil
}

// stop wakes the reader: Linux lets even a socket without a peer be shut down,
// though it calls that an error.
func (s *linuxSocket) stop() error {
	s.stopped.Store(true)
	if err := unix.Shutdown(s.fd, unix.SHUT_RDWR); err != nil && err != unix.ENOTCONN {
		return err
	}
	return nil
}

func (s *linuxSocket) close() error { return s.file.Close() }

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	header unix.Msghdr
	size   uint32
}
