package turn

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

// RelayRange is where relayed transport addresses come from: the benchmarking
// range of RFC 2544, never routed on the internet.
var RelayRange = netip.MustParsePrefix("198.18.0.0/15")

const (
	restTime      = 10 * time.Minute // before a relayed transport address is used again
	firstPort     = 1024             // browsers refuse candidates on most ports below
	drawAttempts  = 64               // of 2³² addresses: running out means a bug
	relayHostBits = 17
)

var errNoAddress = errors.New("no free relayed transport address")

// addressPool draws unguessable relayed transport addresses and lets released
// ones rest, so that a late packet for a dead allocation cannot reach a new one.
// It is not safe for concurrent use.
type addressPool struct {
	resting map[netip.AddrPort]struct{}
	queue   []restingAddress // by until, oldest first
}

type restingAddress struct {
	addr  netip.AddrPort
	until time.Time
}

// draw returns an address that is neither resting nor used. A port of 0 means
// any.
func (p *addressPool) draw(now time.Time, port int, used func(netip.AddrPort) bool) (netip.AddrPort, error) {
	p.wake(now)
	for range drawAttempts {
		addr := randomAddress(port)
		if _, rests := p.resting[addr]; !rests && !used(addr) {
			return addr, nil
		}
	}
	return netip.AddrPort{}, errNoAddress
}

// release puts addr to rest.
func (p *addressPool) release(now time.Time, addr netip.AddrPort) {
	p.wake(now)
	if p.resting == nil {
		p.resting = make(map[netip.AddrPort]struct{})
	}
	p.resting[addr] = struct{}{}
	p.queue = append(p.queue, restingAddress{addr, now.Add(restTime)})
}

func (p *addressPool) wake(now time.Time) {
	rested := 0
	for rested < len(p.queue) && !p.queue[rested].until.After(now) {
		delete(p.resting, p.queue[rested].addr)
		rested++
	}
	p.queue = p.queue[rested:]
}

func randomAddress(port int) netip.AddrPort {
	var random [8]byte
	rand.Read(random[:])
	host := binary.BigEndian.Uint32(random[:4]) & (1<<relayHostBits - 1)
	if port == 0 {
		// Even, so that EVEN-PORT (RFC 8656 section 7.2) is granted at the first draw.
		port = firstPort + int(binary.BigEndian.Uint32(random[4:])%(1<<16-firstPort))&^1
	}
	ip := RelayRange.Addr().As4()
	binary.BigEndian.PutUint32(ip[:], binary.BigEndian.Uint32(ip[:])|host)
	return netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(port))
}
