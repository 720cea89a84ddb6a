package check

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// dns looks at the site's addresses, and which of them take connections.
func (c *checker) dns(ctx context.Context) Step {
	host, port := c.site.Hostname(), portOf(c.site)
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	addrs, err := lookup(ctx, host)
	if err != nil {
		return failed(stepDNS, fmt.Sprintf("%s: %s", host, c.plain(err)),
			fmt.Sprintf("Give %s an A record with the server's IPv4 address (and AAAA with its IPv6 address), or correct the name.", host))
	}
	r := tryAll(ctx, addrs, func(ctx context.Context, addr netip.Addr) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(addr.String(), port))
		if err != nil {
			return err
		}
		return conn.Close()
	})
	detail := fmt.Sprintf("%s (TCP port %s)", r, port)
	switch {
	case len(r.answered) == 0:
		return failed(stepDNS, detail, portRemedy("tcp", port, r.err))
	case r.partly():
		return warning(stepDNS, detail, r.partlyRemedy(host, port))
	}
	return ok(stepDNS, detail)
}

// portRemedy is what to do about a port that does not answer.
func portRemedy(network, port string, err error) string {
	upper := map[string]string{"udp": "UDP", "tcp": "TCP", "tls": "TCP"}[network]
	switch causeOf(err) {
	case causeRefused:
		return fmt.Sprintf("Nothing listens on %s port %s there. See that joingyd runs (systemctl status joingyd) and what it listens on, and that a router or proxy before it forwards this port to it.", upper, port)
	case causeNoRoute:
		return "This machine has no network of that kind (IPv6, most often). Check from another one."
	case causeNoName:
		return "Correct the name, or give it an A record with the server's address."
	case causeSilent, causeBarred, causeCut:
		return fmt.Sprintf("Open %s port %s in the server's firewall and in its hosting provider's, and forward it if the server is behind NAT. Inside the server's own network a router without hairpin NAT looks the same: then check from outside.", upper, port)
	}
	return fmt.Sprintf("What answers on %s port %s is not joingyd. Free the port, or set turn.listen to another one, and see that a router or proxy before it forwards to joingyd.", upper, port)
}
