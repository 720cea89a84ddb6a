package check

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/joingyd/joingyd/turn"
)

// tryServers tries every server and, between those that work, the relay.
func (c *checker) tryServers(ctx context.Context, servers []*server) []Step {
	var parts []func() []Step
	var links []*link
	for _, transport := range transports {
		offered := false
		for _, s := range servers {
			if s.transport == transport {
				offered = offered || transport != "tls" || s.port == "443"
				l := &link{server: s}
				links = append(links, l)
				parts = append(parts, func() []Step { return c.tryServer(ctx, l) })
			}
		}
		if !offered {
			parts = append(parts, func() []Step { return []Step{c.notOffered(transport)} })
		}
	}
	defer func() {
		for _, l := range links {
			l.close()
		}
	}()
	steps := concurrently(parts...)
	return append(steps, c.relay(ctx, links)...)
}

// transports are how a client may reach a relay, the best first.
var transports = []string{"udp", "tcp", "tls"}

// notOffered is the step of a transport without a URL.
func (c *checker) notOffered(transport string) Step {
	name := stepSTUN + " " + transport
	switch transport {
	case "udp":
		return warning(name, "no relay over UDP is offered: video over TCP stops at every lost packet", "Add udp to turn.transports, and open the port of turn.listen for UDP in the firewalls.")
	case "tcp":
		return warning(name, "no relay over TCP is offered: networks without UDP get no video", "Add tcp to turn.transports, and open the port of turn.listen for TCP in the firewalls.")
	}
	const without = "no relay over TLS on port 443 is offered: networks that let only web traffic out get no video"
	if isThisMachine(c.site.Hostname()) {
		return skipped(name, without)
	}
	return warning(name, without, "Set tls.listen to :443 and give joingyd a certificate: it serves site and relay on that port. A proxy for websites cannot pass a relay on.")
}

// tryServer asks one server for a Binding and for allocations.
func (c *checker) tryServer(ctx context.Context, l *link) []Step {
	bound := c.stun(ctx, l.server)
	name := stepAllocate + " " + l.server.label()
	switch {
	case !l.server.relays:
		return []Step{bound}
	case bound.Status == Failed && !l.server.addr.IsValid():
		return []Step{bound, skipped(name, "needs "+bound.Name)}
	}
	return []Step{bound, c.allocate(ctx, name, l)}
}

// stun sends a Binding request to every address of the server.
func (c *checker) stun(ctx context.Context, s *server) Step {
	name := stepSTUN + " " + s.label()
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	addrs, err := lookup(ctx, s.host)
	if err != nil {
		return failed(name, c.plain(err), publicHostRemedy)
	}
	start := time.Now()
	var mu sync.Mutex
	seen := make(map[netip.Addr]string)
	var certificate Step
	r := tryAll(ctx, addrs, func(ctx context.Context, addr netip.Addr) error {
		mapped, judged, err := c.bind(ctx, s, addr)
		mu.Lock()
		defer mu.Unlock()
		seen[addr] = fmt.Sprintf("this machine is %s to it, in %s", mapped, since(start))
		certificate = worse(certificate, judged)
		return err
	})
	if len(r.answered) == 0 {
		return failed(name, c.plain(r.err), portRemedy(s.transport, s.port, r.err))
	}
	s.addr = r.answered[0]
	detail := seen[s.addr]
	switch {
	case certificate.Status == Failed || certificate.Status == Warning:
		return c.held(Step{name, certificate.Status, certificate.Detail, certificate.Remedy})
	case r.partly():
		return warning(name, r.String()+"; "+detail, r.partlyRemedy(s.host, s.port))
	}
	return ok(name, detail)
}

// worse keeps the graver of two steps.
func worse(a, b Step) Step {
	if a.Status == Failed || b.Status == "" || b.Status == OK && a.Status != "" {
		return a
	}
	return b
}

// bind sends a Binding request to one address. Over TLS it judges the
// certificate too.
func (c *checker) bind(ctx context.Context, s *server, addr netip.Addr) (mapped netip.AddrPort, certificate Step, err error) {
	if s.transport != "tls" {
		mapped, err = turn.Probe(ctx, s.transport, net.JoinHostPort(addr.String(), s.port))
		return mapped, certificate, err
	}
	conn, err := (&server{transport: s.transport, host: s.host, port: s.port, addr: addr}).dial(ctx)
	if err != nil {
		return mapped, certificate, err
	}
	certificate = c.judge("", s.host, conn.(*tls.Conn).ConnectionState().PeerCertificates, time.Now(), false)
	t, err := c.newTURNClient(conn, s)
	if err != nil {
		return mapped, certificate, err
	}
	defer t.close()
	err = t.during(ctx, func() error {
		addr, err := t.pion.SendBindingRequestTo(somewhere)
		if udp, ok := addr.(*net.UDPAddr); ok {
			mapped = udp.AddrPort()
		}
		return err
	})
	return netip.AddrPortFrom(mapped.Addr().Unmap(), mapped.Port()), certificate, err
}
