package turn

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenGroup opens a socket for each core on one address (SO_REUSEPORT). The
// kernel gives each client's packets to one of them, always the same.
func listenGroup(addr string) ([]net.PacketConn, error) {
	// Alone at first: another program must not share the port unnoticed.
	alone, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	if err := alone.Close(); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		controlErr := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		})
		return errors.Join(controlErr, err)
	}}
	var conns []net.PacketConn
	for range runtime.NumCPU() {
		conn, err := config.ListenPacket(context.Background(), "udp", addr)
		if err != nil {
			for _, c := range conns {
				c.Close()
			}
			return nil, err
		}
		conns = append(conns, conn)
		addr = conn.LocalAddr().String() // where the kernel chose the port
	}
	return conns, nil
}
