package admin

import (
	"net"
	"syscall"
)

// peerName asks the kernel who connected (SO_PEERCRED).
func peerName(conn *net.UnixConn) string {
	raw, err := conn.SyscallConn()
	if err != nil {
		return unknownPeer
	}
	name := unknownPeer
	err = raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			name = userName(int(cred.Uid))
		}
	})
	if err != nil {
		return unknownPeer
	}
	return name
}
