package turn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"

	"github.com/pion/dtls/v3"
)

// maxHandshakes bounds the DTLS handshakes under way on one socket. pion/dtls
// keeps state from the first ClientHello on, before the cookie has come back, so
// a flood from spoofed sources costs this much memory and no more.
const maxHandshakes = 512

var errTooManyHandshakes = errors.New("turn: too many DTLS handshakes at once")

// ListenDTLS opens a UDP socket for STUN and TURN over DTLS 1.2 (RFC 7350), to be
// given to ServeStream as "dtls". The certificate is asked for at each
// handshake, which starts with a connection's first read.
func ListenDTLS(addr string, certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)) (net.Listener, error) {
	at, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	l := new(dtlsListener)
	l.Listener, err = dtls.ListenWithOptions("udp", at,
		dtls.WithGetCertificate(func(hello *dtls.ClientHelloInfo) (*tls.Certificate, error) {
			return certificate(&tls.ClientHelloInfo{ServerName: hello.ServerName})
		}),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithLoggerFactory(quiet{}),
		dtls.WithOnConnectionAttempt(func(net.Addr) error {
			if l.handshakes.Load() >= maxHandshakes {
				return errTooManyHandshakes
			}
			return nil
		}),
	)
	if err != nil {
		return nil, err
	}
	return l, nil
}

type dtlsListener struct {
	net.Listener
	handshakes atomic.Int64 // under way
}

// Accept implements net.Listener.
func (l *dtlsListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if errors.Is(err, errTooManyHandshakes) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l.handshakes.Add(1)
		return &dtlsConn{conn.(*dtls.Conn), l}, nil
	}
}

type dtlsConn struct {
	*dtls.Conn
	listener *dtlsListener
}

// HandshakeContext ends the handshake, well or not; it is called once.
func (c *dtlsConn) HandshakeContext(ctx context.Context) error {
	defer c.listener.handshakes.Add(-1)
	return c.Conn.HandshakeContext(ctx)
}
