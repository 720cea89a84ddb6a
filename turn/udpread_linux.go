package turn

import (
	"encoding/binary"
	"net"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Where many packets come, the reader lets some gather before it takes them: the
// system calls, which cost most of a packet, are then shared by more. What that
// adds to a packet's way is a small part of what a network does.
const (
	busyRate = 40_000                // packets a second on one socket
	gather   = 50 * time.Microsecond // to which the kernel adds about as much
)

// stagger keeps the starts of buffers apart in the processor's caches, whose sets
// repeat at powers of two: most packets fill only the start. In bytes.
const stagger = 17 * 64

// linuxReader is the batch that one goroutine reads into.
type linuxReader struct {
	socket   *linuxSocket
	counted  time.Time // since when the packets below came
	packets  int
	busy     bool
	size     int // of each buffer
	stride   int // from one buffer to the next
	buffer   []byte
	headers  [readBatch]mmsghdr
	pieces   [readBatch]unix.Iovec
	names    [readBatch]unix.RawSockaddrInet6
	controls [readBatch][controlSize]byte
}

func (s *linuxSocket) reader() packetReader {
	r := &linuxReader{socket: s, size: maxDatagram}
	if s.gro {
		r.size = joinedSize
	}
	r.stride = r.size + stagger
	r.buffer = make([]byte, readBatch*r.stride) // the kernel gives memory as it is used
	for i := range r.headers {
		header := &r.headers[i].header
		r.pieces[i].Base = &r.buffer[i*r.stride]
		r.pieces[i].SetLen(r.size)
		header.Iov = &r.pieces[i]
		header.SetIovlen(1)
		header.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		header.Namelen = unix.SizeofSockaddrInet6
		header.Control = &r.controls[i][0]
		header.SetControllen(controlSize)
	}
	return r
}

// read implements packetReader.
func (r *linuxReader) read() (int, error) {
	if r.busy {
		pause := unix.NsecToTimespec(int64(gather))
		unix.Nanosleep(&pause, nil) // a signal may cut it short
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(r.socket.fd), uintptr(unsafe.Pointer(&r.headers[0])), readBatch, unix.MSG_WAITFORONE, 0, 0)
		if r.socket.stopped.Load() {
			return 0, net.ErrClosed
		}
		switch errno {
		case 0:
			r.count(int(n))
			return int(n), nil
		case unix.EINTR:
		default: // an error of an earlier packet, or no memory
			pause(retryPause/50, nil)
		}
	}
}

// count finds out, a few hundred times a second, whether many packets come.
func (r *linuxReader) count(n int) {
	const window = 4 * time.Millisecond
	r.packets += n
	now := time.Now()
	if elapsed := now.Sub(r.counted); elapsed >= window {
		r.busy = float64(r.packets) > busyRate*elapsed.Seconds()
		r.counted, r.packets = now, 0
	}
}

// datagram implements packetReader, and makes the place ready for the next read.
func (r *linuxReader) datagram(i int) datagram {
	message := &r.headers[i]
	d := datagram{data: r.buffer[i*r.stride : i*r.stride+int(message.size)], from: endpointOfName(&r.names[i])}
	if controls := message.header.Controllen; controls > 0 {
		d.readControls(r.controls[i][:controls])
	}
	message.header.Namelen = unix.SizeofSockaddrInet6
	message.header.SetControllen(controlSize)
	return d
}

// endpointOfName reads a struct sockaddr_in6, or the sockaddr_in in its place.
func endpointOfName(name *unix.RawSockaddrInet6) endpoint {
	raw := (*[unix.SizeofSockaddrInet6]byte)(unsafe.Pointer(name))
	port := binary.BigEndian.Uint16(raw[2:])
	if name.Family == unix.AF_INET {
		return endpoint{low: mappedPrefix | uint64(binary.BigEndian.Uint32(raw[4:])), port: port}
	}
	return endpoint{binary.BigEndian.Uint64(name.Addr[:8]), binary.BigEndian.Uint64(name.Addr[8:]), port}
}

// readControls takes what the kernel says of a packet beside its data.
func (d *datagram) readControls(controls []byte) {
	for len(controls) >= unix.SizeofCmsghdr {
		header := (*unix.Cmsghdr)(unsafe.Pointer(&controls[0]))
		size := int(header.Len)
		if size < unix.SizeofCmsghdr || size > len(controls) {
			return
		}
		switch data := controls[unix.CmsgLen(0):size]; {
		case header.Level == unix.IPPROTO_UDP && header.Type == unix.UDP_GRO && len(data) >= 4:
			d.segment = int(binary.NativeEndian.Uint32(data))
		case header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0]))
			d.local = netip.AddrFrom4(info.Spec_dst)
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0]))
			d.local = netip.AddrFrom16(info.Addr).Unmap()
		}
		next := unix.CmsgSpace(size - unix.CmsgLen(0))
		if next >= len(controls) {
			return
		}
		controls = controls[next:]
	}
}
