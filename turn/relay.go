package turn

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// relay is an allocation. It lives until its client, its session's end, its
// expiry or Server.Close closes it.
type relay struct {
	server *Server
	addr   netip.AddrPort // relayed transport address
	socket *relaySocket   // open mode: what is behind it; nil: masked

	// Set once, before anybody else can find the allocation:
	listener *listener
	source   endpoint       // the client, as listener.clients finds it
	client   netip.AddrPort // the same
	local    netip.Addr     // our address that the client sends to; zero where there is only one
	conn     *streamConn    // that the client came over; nil: UDP
	username string
	key      []byte // of the request that made it: good for it whatever becomes of the secret; nil without a gate
	since    time.Time
	owner    atomic.Pointer[session] // open mode: nil until pion has made the allocation

	closed atomic.Bool // set under Server.mu; read on every packet

	expiry      *time.Timer   // guarded by Server.mu
	ends        time.Duration // Server.instant at which it expires; guarded by Server.mu
	transaction [12]byte      // of the Allocate that made it; guarded by Server.mu

	allowance bucket // what it may send; used by its client's reader only
	grants    grants
	sent      traffic
	received  traffic
}

// expire closes an allocation that was not refreshed.
func (r *relay) expire() {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if r.ends <= r.server.instant() { // else it was, just now
		r.server.closeRelayLocked(r)
	}
}

// expireAfterLocked sets the allocation's lifetime anew.
func (r *relay) expireAfterLocked(lifetime time.Duration) {
	r.ends = r.server.instant() + lifetime
	if r.expiry == nil {
		r.expiry = time.AfterFunc(lifetime, r.expire)
		return
	}
	r.expiry.Reset(lifetime)
}

// traffic counts datagrams and their bytes, application data only.
type traffic struct{ packets, bytes atomic.Uint64 }

func (t *traffic) add(size int) {
	t.packets.Add(1)
	t.bytes.Add(uint64(size))
}

// addrPort converts pion's addresses; what is none gives the zero value.
func addrPort(addr net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch addr := addr.(type) {
	case *net.UDPAddr:
		ap = addr.AddrPort()
	case *net.TCPAddr:
		ap = addr.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}
