package turn

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

const segmentSize = 2 // bytes, of UDP_SEGMENT's value

// linuxWriter is a batch of datagrams to be sent by one system call. Those of
// one size that follow each other to one client become one message, which the
// kernel, or the network card, takes apart again (UDP_SEGMENT).
type linuxWriter struct {
	socket   *linuxSocket
	counters *counters

	count    int // messages
	pieces   int // of memory
	joined   [writeBatch]joined
	headers  [writeBatch]mmsghdr
	vectors  [writePieces]unix.Iovec
	names    [writeBatch]unix.RawSockaddrInet6
	controls [writeBatch][controlSize]byte
}

// joined is what is in a message.
type joined struct {
	to     endpoint
	local  netip.Addr
	size   int  // of each datagram in it but the last, in bytes
	count  int  // datagrams
	bytes  int  // of all
	closed bool // the last one was shorter: no more may follow
}

func (s *linuxSocket) writer(c *counters) packetWriter { return &linuxWriter{socket: s, counters: c} }

// add implements packetWriter.
func (w *linuxWriter) add(to endpoint, local netip.Addr, data []byte) {
	if len(data) == 0 {
		return
	}
	if w.count > 0 && w.join(to, local, data) {
		return
	}
	if w.count == writeBatch || w.pieces == writePieces {
		w.flush()
	}
	w.setSegment()
	at := w.count
	w.count++
	w.joined[at] = joined{to: to, local: local, size: len(data), count: 1, bytes: len(data)}
	header := &w.headers[at].header
	header.Name = (*byte)(unsafe.Pointer(&w.names[at]))
	header.Namelen = w.putName(&w.names[at], to)
	header.Iov = &w.vectors[w.pieces]
	header.SetIovlen(1)
	header.Control, header.Flags = nil, 0
	header.SetControllen(0)
	if local.IsValid() {
		w.putLocal(at, local)
	}
	w.putPiece(data)
}

// join adds data to the last message, if it may be.
func (w *linuxWriter) join(to endpoint, local netip.Addr, data []byte) bool {
	last := &w.joined[w.count-1]
	if last.closed || last.to != to || last.local != local || len(data) > last.size || last.size > maxSegment ||
		last.count == maxJoined || last.bytes+len(data) > maxBytes || !w.socket.gso.Load() {
		return false
	}
	header := &w.headers[w.count-1].header
	if end := &w.vectors[w.pieces-1]; adjoins(end, data) {
		end.SetLen(int(end.Len) + len(data))
	} else if w.pieces == writePieces {
		return false
	} else {
		w.putPiece(data)
		header.SetIovlen(int(header.Iovlen) + 1)
	}
	last.count++
	last.bytes += len(data)
	last.closed = len(data) < last.size
	return true
}

// adjoins reports whether data lies right behind the piece, as datagrams that
// the kernel had joined do.
func adjoins(piece *unix.Iovec, data []byte) bool {
	return unsafe.Add(unsafe.Pointer(piece.Base), piece.Len) == unsafe.Pointer(&data[0])
}

func (w *linuxWriter) putPiece(data []byte) {
	w.vectors[w.pieces].Base = &data[0]
	w.vectors[w.pieces].SetLen(len(data))
	w.pieces++
}

// setSegment tells the kernel how to take the last message apart, if it must.
func (w *linuxWriter) setSegment() {
	if w.count == 0 || w.joined[w.count-1].count < 2 {
		return
	}
	var size [segmentSize]byte
	binary.NativeEndian.PutUint16(size[:], uint16(w.joined[w.count-1].size))
	w.putControl(w.count-1, unix.IPPROTO_UDP, unix.UDP_SEGMENT, size[:])
}

// putLocal makes the message leave from the local address.
func (w *linuxWriter) putLocal(at int, local netip.Addr) {
	if w.socket.six {
		info := unix.Inet6Pktinfo{Addr: local.As16()}
		w.putControl(at, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, (*[unix.SizeofInet6Pktinfo]byte)(unsafe.Pointer(&info))[:])
		return
	}
	info := unix.Inet4Pktinfo{Spec_dst: local.As4()}
	w.putControl(at, unix.IPPROTO_IP, unix.IP_PKTINFO, (*[unix.SizeofInet4Pktinfo]byte)(unsafe.Pointer(&info))[:])
}

func (w *linuxWriter) putControl(at int, level, kind int32, data []byte) {
	header := &w.headers[at].header
	used := int(header.Controllen)
	control := (*unix.Cmsghdr)(unsafe.Pointer(&w.controls[at][used]))
	control.Level, control.Type = level, kind
	control.SetLen(unix.CmsgLen(len(data)))
	copy(w.controls[at][used+unix.CmsgLen(0):], data)
	header.Control = &w.controls[at][0]
	header.SetControllen(used + unix.CmsgSpace(len(data)))
}

// putName writes a struct sockaddr of the socket's family, and returns its size.
func (w *linuxWriter) putName(name *unix.RawSockaddrInet6, to endpoint) uint32 {
	raw := (*[unix.SizeofSockaddrInet6]byte)(unsafe.Pointer(name))
	binary.BigEndian.PutUint16(raw[2:], to.port)
	if !w.socket.six {
		name.Family = unix.AF_INET
		binary.BigEndian.PutUint32(raw[4:], uint32(to.low))
		return unix.SizeofSockaddrInet4
	}
	name.Family = unix.AF_INET6
	binary.BigEndian.PutUint64(name.Addr[:8], to.high)
	binary.BigEndian.PutUint64(name.Addr[8:], to.low)
	return unix.SizeofSockaddrInet6
}

// flush implements packetWriter.
func (w *linuxWriter) flush() {
	w.setSegment()
	for at := 0; at < w.count; {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(w.socket.fd), uintptr(unsafe.Pointer(&w.headers[at])), uintptr(w.count-at), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == 0:
			at += int(n)
		case errno == unix.EINTR:
		default:
			w.failed(at, errno)
			at++
		}
	}
	w.count, w.pieces = 0, 0
}

// failed deals with a message that the kernel refused. One that it cannot take
// apart is sent again a datagram at a time.
func (w *linuxWriter) failed(at int, errno unix.Errno) {
	full := errno == unix.EAGAIN || errno == unix.ENOBUFS
	if w.joined[at].count > 1 && !full {
		if errno == unix.EIO { // no checksum offload on the way: never
			w.socket.gso.Store(false)
		}
		w.sendApart(at)
		return
	}
	for range w.joined[at].count {
		w.drop(full)
	}
}

func (w *linuxWriter) drop(full bool) {
	if full {
		w.counters.drop(DropQueueFull)
	} else {
		w.counters.drop(DropUnsent)
	}
}

// sendApart sends a joined message's datagrams one by one.
func (w *linuxWriter) sendApart(at int) {
	header := &w.headers[at].header
	var all []byte
	for _, piece := range unsafe.Slice(header.Iov, header.Iovlen) {
		all = append(all, unsafe.Slice(piece.Base, piece.Len)...)
	}
	local := w.controls[at][:int(header.Controllen)-unix.CmsgSpace(segmentSize)]
	for data := range slices.Chunk(all, w.joined[at].size) {
		if _, err := unix.SendmsgN(w.socket.fd, data, local, w.sockaddr(w.joined[at].to), unix.MSG_DONTWAIT); err != nil {
			w.drop(err == unix.EAGAIN || err == unix.ENOBUFS)
		}
	}
}

func (w *linuxWriter) sockaddr(to endpoint) unix.Sockaddr {
	addr := to.addrPort()
	if w.socket.six {
		return &unix.SockaddrInet6{Addr: addr.Addr().As16(), Port: int(to.port)}
	}
	return &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(to.port)}
}
