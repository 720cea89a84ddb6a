package turn

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// readyFor is how long an answer of Ready is given again.
const readyFor = time.Second

// probeTimeout is how long Ready waits for the sockets' answers.
const probeTimeout = 5 * time.Second

// Addr is a socket that the server listens on.
type Addr struct {
	Transport string // "udp", "tcp", "tls" or "dtls"
	netip.AddrPort
}

// Addrs lists the sockets in the order in which they were given.
func (s *Server) Addrs() (addrs []Addr) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.listeners {
		addrs = append(addrs, l.addr)
	}
	return addrs
}

// URLs returns the TURN URIs (RFC 7065) under which a client reaches the server
// at host, a name or an address without brackets. An empty host gives none.
func (s *Server) URLs(host string) []string {
	urls := []string{}
	if host == "" {
		return urls
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	for _, addr := range s.Addrs() {
		scheme, transport := "turn", addr.Transport
		switch transport {
		case "tls":
			scheme, transport = "turns", "tcp"
		case "dtls":
			continue // no browser speaks it
		}
		urls = append(urls, fmt.Sprintf("%s:%s:%d?transport=%s", scheme, host, addr.Port(), transport))
	}
	return urls
}

// readiness remembers the last answer of Ready.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Ready returns nil if every socket answers a Binding request. The answer may be
// a second old, so that asking often costs nothing.
func (s *Server) Ready(ctx context.Context) error {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if now := time.Now(); now.Sub(s.ready.at) >= readyFor {
		// The answer is for everybody who asks: one who hangs up must not spoil it.
		probing, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
		defer cancel()
		s.ready.at, s.ready.err = now, s.probeAll(probing)
	}
	return s.ready.err
}

func (s *Server) probeAll(ctx context.Context) error {
	addrs := s.Addrs()
	if len(addrs) == 0 {
		return fmt.Errorf("turn: %w", net.ErrClosed)
	}
	for _, addr := range addrs {
		if addr.Transport != "udp" && addr.Transport != "tcp" {
			continue // behind a handshake
		}
		if _, err := Probe(ctx, addr.Transport, reachable(addr.AddrPort).String()); err != nil {
			return err
		}
	}
	return nil
}

// reachable turns the address of a socket that listens everywhere into one to
// reach it at from this machine.
func reachable(addr netip.AddrPort) netip.AddrPort {
	switch {
	case !addr.Addr().IsUnspecified():
		return addr
	case addr.Addr().Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port())
	default:
		return netip.AddrPortFrom(netip.IPv6Loopback(), addr.Port())
	}
}
