//go:build !linux

package turn

import "net"

func newUDPSocket(conn net.PacketConn) (udpSocket, error) { return newPortableSocket(conn), nil }

// listenGroup opens one socket: other systems do not spread clients over several.
func listenGroup(addr string) ([]net.PacketConn, error) {
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	return []net.PacketConn{conn}, nil
}
