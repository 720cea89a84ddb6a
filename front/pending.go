package front

import (
	"net"
	"net/netip"
)

// admit starts a goroutine for the connection, or closes it where there are too
// many that have not shown what they speak.
func (s *Splitter) admit(conn net.Conn) {
	from := source(conn.RemoteAddr())
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		conn.Close()
	case len(s.pending) >= s.opts.MaxPending:
		s.counters.drop(Full)
		conn.Close()
	case from.IsValid() && s.perAddr[from] >= s.opts.MaxPendingPerAddr:
		s.counters.drop(FullAddr)
		conn.Close()
	default:
		s.pending[conn] = from
		if from.IsValid() {
			s.perAddr[from]++
		}
		s.running.Go(func() { s.serve(conn) })
	}
}

// forget takes the connection out of those that have not shown what they speak.
func (s *Splitter) forget(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from := s.pending[conn]; from.IsValid() {
		if s.perAddr[from]--; s.perAddr[from] == 0 {
			delete(s.perAddr, from)
		}
	}
	delete(s.pending, conn)
}

// source returns whom a connection counts against: its IPv4 address or its IPv6
// /64, and the zero prefix for those who are not bounded by themselves.
func source(remote net.Addr) netip.Prefix {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	if !addr.IsValid() || addr.IsLoopback() || addr.IsPrivate() {
		return netip.Prefix{}
	}
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // bits fit the family
	return prefix
}
