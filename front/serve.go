package front

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// serve takes one connection from accept to its service, and closes it if it
// never gets there.
func (s *Splitter) serve(conn net.Conn) {
	ready, to, reason := s.sort(conn)
	s.forget(conn)
	if to == nil {
		s.counters.drop(reason)
		conn.Close()
		return
	}
	conn.SetDeadline(time.Time{}) //nolint:errcheck // a dead connection shows at the next read
	if !to.offer(ready) {
		s.counters.drop(Unserved)
		conn.Close() // the socket itself: a TLS farewell might wait for the client
	}
}

// sort finds out what the client speaks. It returns the connection to hand over
// and the service, or no service and why not.
func (s *Splitter) sort(conn net.Conn) (net.Conn, *service, Reason) {
	if err := conn.SetDeadline(time.Now().Add(s.opts.HandshakeTimeout)); err != nil {
		return nil, nil, Gone
	}
	if s.opts.TLS == nil {
		first, reason := readFirst(conn, Gone)
		if reason != none {
			return nil, nil, reason
		}
		to, reason := s.byFirst(first)
		return &plainConn{Conn: conn, head: head{first: first}}, to, reason
	}
	encrypted := tls.Server(conn, s.opts.TLS)
	if err := encrypted.Handshake(); err != nil {
		return nil, nil, handshakeFailed(err)
	}
	if protocol := encrypted.ConnectionState().NegotiatedProtocol; protocol != "" {
		if to := s.service(byProtocol(protocol)); to != nil {
			return encrypted, to, none
		}
		encrypted.Close() // a challenge (RFC 8737) is over with its handshake
		return nil, nil, Challenge
	}
	first, reason := readFirst(encrypted, Handshake) // TLS 1.3 clients refuse a certificate here
	if reason != none {
		return nil, nil, reason
	}
	to, reason := s.byFirst(first)
	return &tlsConn{Conn: encrypted, head: head{first: first}}, to, reason
}

func (s *Splitter) byFirst(first byte) (*service, Reason) {
	if to := s.service(byFirstByte(first)); to != nil {
		return to, none
	}
	return nil, Unknown
}

func (s *Splitter) service(k kind) *service {
	switch k {
	case kindHTTP:
		return s.http
	case kindTURN:
		return s.turn
	default:
		return nil
	}
}

// readFirst reads one byte: what it may not need, it leaves to the service.
func readFirst(conn net.Conn, otherwise Reason) (byte, Reason) {
	var first [1]byte
	if _, err := io.ReadFull(conn, first[:]); err != nil {
		return 0, reasonOf(err, otherwise)
	}
	return first[0], none
}

const plainOnTLS = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" +
	"This port speaks HTTPS: open https://, not http://.\n"

// handshakeFailed returns why, and tells a browser that came without TLS.
func handshakeFailed(err error) Reason {
	var record tls.RecordHeaderError
	if errors.As(err, &record) && record.Conn != nil && byFirstByte(record.RecordHeader[0]) == kindHTTP {
		io.WriteString(record.Conn, plainOnTLS) //nolint:errcheck // it is closed next
	}
	return reasonOf(err, Handshake)
}

// reasonOf tells slow and gone clients from those for whom otherwise holds.
func reasonOf(err error, otherwise Reason) Reason {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Timeout
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, net.ErrClosed):
		return Gone
	default:
		return otherwise
	}
}
