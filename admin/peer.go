package admin

import (
	"context"
	"net"
	"os/user"
	"strconv"
)

type peerKey struct{}

// withPeer notes in a connection's context who is at its other end.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	if unix, ok := conn.(*net.UnixConn); ok {
		return context.WithValue(ctx, peerKey{}, peerName(unix))
	}
	return ctx
}

// peerOf returns what withPeer noted, never empty.
func peerOf(ctx context.Context) string {
	if name, ok := ctx.Value(peerKey{}).(string); ok {
		return name
	}
	return unknownPeer
}

// unknownPeer stands for somebody whom the system cannot name. The socket's mode
// has let them in.
const unknownPeer = "unknown"

// userName returns the name of a user, or uid:N for one without.
func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid:" + strconv.Itoa(uid)
}
