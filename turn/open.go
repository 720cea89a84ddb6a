package turn

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
)

// Open makes a Server an ordinary TURN server, with a kernel socket for each
// allocation, for peers anywhere that the policy lets through.
type Open struct {
	// Relay holds the addresses that relay sockets are bound to, at most one
	// IPv4 and one IPv6. An allocation is IPv4 unless it asks for IPv6 with
	// REQUESTED-ADDRESS-FAMILY.
	Relay []netip.Addr
	// External holds, for each of Relay, the address that clients are told
	// instead (1:1 NAT). Empty: Relay itself.
	External []netip.Addr
	// MinPort and MaxPort bound the relay's ports; 49152 and 65535 if 0.
	MinPort, MaxPort uint16
	// Allow and Deny are peers allowed or denied by the operator. Deny wins.
	// Without Allow every special-purpose range and this machine are denied.
	Allow, Deny []netip.Prefix
	// Own are this machine's further addresses, which no peer may have but
	// through another relay.
	Own []netip.Addr
	// Users are static users with their passwords.
	Users map[string]string
	// Secrets are shared with other back ends that hand out TURN REST
	// credentials; several, so that one can be rotated in before another is
	// out. Each has at least 32 bytes.
	Secrets [][]byte
}

const minSecret = 32 // bytes

// openRelay is the state of open mode.
type openRelay struct {
	Open
	policy peerPolicy
	grant  *pair // under which everything allowed is granted

	accounts atomic.Pointer[accounts] // in place of Users and Secrets
}

func newOpenRelay(o Open) (*openRelay, error) {
	if o.MinPort == 0 {
		o.MinPort = 49152
	}
	if o.MaxPort == 0 {
		o.MaxPort = 65535
	}
	if len(o.External) == 0 {
		o.External = o.Relay
	}
	if len(o.Relay) == 0 || len(o.External) != len(o.Relay) {
		return nil, errors.New("turn: open mode needs a relay address, and as many external ones if any")
	}
	for i := range o.Relay {
		if o.Relay[i].Is4() != o.External[i].Is4() {
			return nil, fmt.Errorf("turn: relay address %v and external address %v are of different families", o.Relay[i], o.External[i])
		}
	}
	if o.MinPort > o.MaxPort {
		return nil, fmt.Errorf("turn: port range %d to %d is empty", o.MinPort, o.MaxPort)
	}
	accounts, err := newAccounts(o.Users, o.Secrets)
	if err != nil {
		return nil, err
	}
	own := slices.Concat(o.Own, o.Relay, o.External)
	r := &openRelay{Open: o, policy: peerPolicy{o.Allow, o.Deny, own}, grant: new(pair)}
	r.accounts.Store(accounts)
	return r, nil
}

// listen opens a relay socket of the family, on an even port, and returns it
// with the address that clients are told.
func (o *openRelay) listen(family byte, port int) (*net.UDPConn, netip.AddrPort, error) {
	at := slices.IndexFunc(o.Relay, func(a netip.Addr) bool { return a.Is4() == (family == familyIPv4) })
	if at < 0 {
		return nil, netip.AddrPort{}, errNoAddress
	}
	var lastErr error
	for range drawAttempts {
		candidate := uint16(port)
		if port == 0 {
			candidate = o.randomPort()
		}
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(o.Relay[at], candidate)))
		if err == nil {
			return conn, netip.AddrPortFrom(o.External[at], candidate), nil
		}
		if lastErr = err; port != 0 {
			break
		}
	}
	return nil, netip.AddrPort{}, fmt.Errorf("%w: %w", errNoAddress, lastErr)
}

func (o *openRelay) randomPort() uint16 {
	var random [4]byte
	rand.Read(random[:])
	span := uint32(o.MaxPort) - uint32(o.MinPort) + 1
	port := o.MinPort + uint16(binary.BigEndian.Uint32(random[:])%span)
	if port&1 == 1 && port > o.MinPort {
		port-- // even, where the range has an even port
	}
	return port
}

// hasFamily reports whether relays of the family are to be had.
func (o *openRelay) hasFamily(family byte) bool {
	return slices.ContainsFunc(o.Relay, func(a netip.Addr) bool { return a.Is4() == (family == familyIPv4) })
}
