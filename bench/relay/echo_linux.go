package main

import (
	"net/netip"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// echo sends every datagram back to where it came from, in batches: the least
// that any server must do. What the generator can't do with it, it can't do with
// a relay.
type echo struct{}

func startEcho(listen netip.AddrPort) (childServer, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20); err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: listen.Addr().As4(), Port: int(listen.Port())}); err != nil {
		return nil, err
	}
	go echoAll(fd)
	return echo{}, nil
}

func echoAll(fd int) {
	runtime.LockOSThread()
	var (
		batch   [batchSize]mmsghdr
		vectors [batchSize]unix.Iovec
		names   [batchSize]unix.RawSockaddrInet4
		bytes   [batchSize][outSlot]byte
	)
	for i := range batch {
		vectors[i].Base = &bytes[i][0]
		header := &batch[i].header
		header.Name, header.Iov = (*byte)(unsafe.Pointer(&names[i])), &vectors[i]
		header.SetIovlen(1)
	}
	for {
		for i := range batch {
			batch[i].header.Namelen = unix.SizeofSockaddrInet4
			vectors[i].SetLen(outSlot)
		}
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&batch[0])),
			batchSize, unix.MSG_WAITFORONE, 0, 0)
		if errno != 0 {
			continue
		}
		for i := range n {
			vectors[i].SetLen(int(batch[i].length))
		}
		unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&batch[0])), n, 0, 0, 0)
	}
}

func (echo) sessions(sources []netip.Addr) ([]credential, error) {
	return staticCredentials(len(sources)), nil
}

func (echo) part(int) error           { return nil }
func (echo) stats() map[string]uint64 { return nil }
