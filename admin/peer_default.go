//go:build !linux

package admin

import "net"

// peerName cannot tell on this system.
func peerName(*net.UnixConn) string { return unknownPeer }
