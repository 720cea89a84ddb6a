package main

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// openSink binds a socket that nobody reads, with room for next to nothing: the
// kernel takes packets as far as the socket and frees them.
func openSink(addr netip.AddrPort) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())})
	}
	if err != nil {
		return fd, fmt.Errorf("sink at %v: %w", addr, err)
	}
	return fd, nil
}
