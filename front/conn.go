package front

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
)

// head is the byte that was read to tell what a client speaks. The first Read
// gives it back.
type head struct {
	first byte
	given atomic.Bool
}

// give puts the byte at the start of into, and reports whether it did.
func (h *head) give(into []byte) bool {
	if len(into) == 0 || h.given.Swap(true) {
		return false
	}
	into[0] = h.first
	return true
}

// plainConn is a connection without TLS, its first byte put back. It keeps what
// net/http asks a TCP connection for beyond net.Conn.
type plainConn struct {
	net.Conn
	head head
}

// Read implements net.Conn.
func (c *plainConn) Read(into []byte) (int, error) {
	if c.head.give(into) {
		return 1, nil
	}
	return c.Conn.Read(into)
}

// ReadFrom implements io.ReaderFrom: a file goes out by sendfile.
func (c *plainConn) ReadFrom(from io.Reader) (int64, error) { return io.Copy(c.Conn, from) }

// CloseWrite ends the sending direction. net/http does it after an early answer,
// and then waits: a client that is still sending gets to read it.
func (c *plainConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// tlsConn is a TLS connection without ALPN, its first byte put back. net/http sets
// Request.TLS from its ConnectionState method (conn.serve in Go 1.26; a test holds
// it to that). What it does for *tls.Conn alone is the handshake, which is done, and
// HTTP/2, which needs ALPN: nothing is lost.
type tlsConn struct {
	*tls.Conn
	head head
}

// Read implements net.Conn.
func (c *tlsConn) Read(into []byte) (int, error) {
	if c.head.give(into) {
		return 1, nil
	}
	return c.Conn.Read(into)
}
