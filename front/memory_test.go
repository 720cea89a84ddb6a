package front_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/front"
)

// memory is a listener without a network, for tests under synctest.
type memory struct {
	conns   chan net.Conn
	errs    chan error
	done    chan struct{}
	closing sync.Once
}

func newMemory() *memory {
	return &memory{conns: make(chan net.Conn), errs: make(chan error), done: make(chan struct{})}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case err := <-m.errs:
		return nil, err
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.closing.Do(func() { close(m.done) })
	return nil
}

func (m *memory) Addr() net.Addr { return tcpAddr("192.0.2.1:443") }

// dial returns the client's side of a connection that comes from there.
func (m *memory) dial(from string) net.Conn {
	client, server := net.Pipe()
	m.conns <- memoryConn{server, tcpAddr(from)}
	return client
}

type memoryConn struct {
	net.Conn
	remote net.Addr
}

func (c memoryConn) RemoteAddr() net.Addr { return c.remote }

func tcpAddr(text string) net.Addr {
	addr, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		panic(err)
	}
	return addr
}

// start runs a Splitter, and returns what ends it and checks that it ended well.
func start(t *testing.T, listener net.Listener, opts front.Options) (*front.Splitter, func()) {
	t.Helper()
	s := front.New(listener, opts)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(context.Background()) }() // the test's context ends before its cleanups

	return s, func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Now().AddDate(100, 0, 0),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

// serverTLS sends no session tickets: a client at a pipe would have to read them
// before it can write.
func serverTLS(protocols ...string) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate()}, NextProtos: protocols, SessionTicketsDisabled: true}
}

func clientTLS(protocols ...string) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(certificate().Leaf)
	return &tls.Config{RootCAs: roots, ServerName: "localhost", NextProtos: protocols}
}
