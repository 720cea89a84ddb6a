package main

import (
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchSize    = 64
	outSlot      = 1500    // bytes; the longest message sent
	inSlot       = 1 << 16 // bytes; the longest run of segments received
	socketBuffer = 64 << 20
)

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	header unix.Msghdr
	length uint32
}

// endpoint is the socket of every client: unbound to an address, on one port.
// Messages are written into slots, queued, and sent as one batch. It is used by
// one thread, and allocates nothing after newEndpoint.
type endpoint struct {
	fd     int
	port   uint16
	server unix.RawSockaddrInet4
	gro    bool

	queued     int
	out        [batchSize]mmsghdr
	outVectors [batchSize]unix.Iovec
	outBytes   [batchSize][outSlot]byte
	outControl [batchSize]sourceControl

	in        [batchSize]mmsghdr
	inVectors [batchSize]unix.Iovec
	inControl [batchSize]segmentControl
	inBytes   []byte

	refused uint64 // messages that the kernel did not take
}

// sourceControl is the control message that gives a message its source address.
type sourceControl struct {
	header unix.Cmsghdr
	info   unix.Inet4Pktinfo
	_      [4]byte // CMSG_SPACE
}

// segmentControl is what a UDP_GRO socket says of a run of segments.
type segmentControl struct {
	header unix.Cmsghdr
	size   int32
	_      [4]byte
}

// newEndpoint opens the socket on a port, in the calling thread's network
// namespace.
func newEndpoint(port uint16) (*endpoint, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer) != nil { // not root: as much as anybody may
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(port)}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("endpoint on port %d: %w", port, err)
	}
	e := &endpoint{fd: fd, port: port, inBytes: make([]byte, batchSize*inSlot)}
	for i := range batchSize {
		e.outVectors[i].Base = &e.outBytes[i][0]
		e.outControl[i].header = unix.Cmsghdr{Level: unix.SOL_IP, Type: unix.IP_PKTINFO}
		e.outControl[i].header.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		out := &e.out[i].header
		out.Name, out.Namelen = (*byte)(unsafe.Pointer(&e.server)), unix.SizeofSockaddrInet4
		out.Iov, out.Control = &e.outVectors[i], (*byte)(unsafe.Pointer(&e.outControl[i]))
		out.SetIovlen(1)
		out.SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo))

		e.inVectors[i].Base = &e.inBytes[i*inSlot]
		e.inVectors[i].SetLen(inSlot)
		in := &e.in[i].header
		in.Iov, in.Control = &e.inVectors[i], (*byte)(unsafe.Pointer(&e.inControl[i]))
		in.SetIovlen(1)
	}
	return e, nil
}

func (e *endpoint) close() { unix.Close(e.fd) }

// aim makes server the destination of everything sent from now on.
func (e *endpoint) aim(server netip.AddrPort) {
	port := server.Port()
	e.server = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: server.Addr().As4(), Port: port<<8 | port>>8}
}

// setGRO says whether the kernel may hand over a run of one sender's segments as
// one message.
func (e *endpoint) setGRO(on bool) error {
	e.gro = on
	value := 0
	if on {
		value = 1
	}
	return unix.SetsockoptInt(e.fd, unix.SOL_UDP, unix.UDP_GRO, value)
}

// room is how many messages can be queued before flush.
func (e *endpoint) room() int { return batchSize - e.queued }

// slot is the buffer of the next message to be queued.
func (e *endpoint) slot() []byte { return e.outBytes[e.queued][:] }

// queue adds the first length bytes of slot to the batch, with a source address.
func (e *endpoint) queue(source [4]byte, length int) {
	e.outVectors[e.queued].SetLen(length)
	e.outControl[e.queued].info.Spec_dst = source
	e.queued++
}

// flush sends the batch and returns how many messages the kernel took.
func (e *endpoint) flush() int {
	sent := 0
	for sent < e.queued {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(e.fd), uintptr(unsafe.Pointer(&e.out[sent])),
			uintptr(e.queued-sent), unix.MSG_DONTWAIT, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			e.refused += uint64(e.queued - sent)
			break
		}
		sent += int(n)
	}
	e.queued = 0
	return sent
}

// fetch receives what is there, up to a batch, and returns how many messages. They
// are each's until the next fetch.
func (e *endpoint) fetch() int {
	control := 0
	if e.gro {
		control = int(unsafe.Sizeof(segmentControl{}))
	}
	for i := range e.in {
		e.in[i].header.SetControllen(control)
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(e.fd), uintptr(unsafe.Pointer(&e.in[0])),
		batchSize, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// each calls handle with every message, or every segment of one, among the first
// n that fetch got.
func (e *endpoint) each(n int, handle func(message []byte)) {
	for i := range n {
		bytes := e.inBytes[i*inSlot:][:e.in[i].length]
		size := len(bytes)
		control := &e.inControl[i]
		if e.in[i].header.Controllen > 0 && control.header.Type == unix.UDP_GRO && control.size > 0 {
			size = int(control.size)
		}
		for len(bytes) > size {
			handle(bytes[:size])
			bytes = bytes[size:]
		}
		handle(bytes)
	}
}

// dropped is how many messages the socket had no room for, ever.
func (e *endpoint) dropped() uint64 {
	var info [9]uint32 // SK_MEMINFO_VARS
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(e.fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0
	}
	return uint64(info[unix.SK_MEMINFO_DROPS])
}
