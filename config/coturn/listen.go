package coturn

import (
	"net"
	"net/netip"
	"strconv"
)

// listens is where clients come.
type listens struct {
	ips                         []string
	port, tlsPort               int
	noUDP, noTCP, noTLS, noDTLS bool
}

// setPort takes a port over; 0 stays what it was, as in coturn.
func setPort(port *int, l line) (Fate, string) {
	n, err := strconv.ParseUint(l.value, 10, 16)
	if err != nil || n == 0 {
		return Wrong, "is not a port; write 1 to 65535"
	}
	*port = int(n)
	return Taken, ""
}

func listeningIP(s *state, l line) (Fate, string, string) {
	addr, err := netip.ParseAddr(l.value)
	if err != nil || addr.Zone() != "" {
		return Wrong, "turn.listen", "is not an address; name the interface's addresses instead"
	}
	s.listens.ips = append(s.listens.ips, addr.Unmap().String())
	return Taken, "turn.listen", ""
}

// finishListens makes turn.listen, turn.transports and turn.tls_listen.
func (s *state) finishListens() {
	l, c := s.listens, &s.Config
	if len(l.ips) == 0 {
		l.ips = []string{""} // every address
	}
	at := func(port int) (list []string) {
		for _, ip := range l.ips {
			list = append(list, net.JoinHostPort(ip, strconv.Itoa(port)))
		}
		return list
	}
	certificate := c.TLS.CertFile != "" && c.TLS.KeyFile != ""
	if !certificate && c.TLS.CertFile+c.TLS.KeyFile != "" {
		s.add(Wrong, "tls.cert_file", "cert and pkey go together, and one is missing: neither is taken over, and there is no TLS")
		c.TLS.CertFile, c.TLS.KeyFile = "", ""
	}
	if certificate && !(l.noTLS && l.noDTLS) {
		c.TURN.TLSListen = at(l.tlsPort)
		if l.noTLS || l.noDTLS {
			s.add(Differs, "turn.tls_listen", "serves TLS and DTLS alike; close the other in the firewall (TLS is TCP, DTLS is UDP)")
		}
	}
	c.TURN.Listen = at(l.port)
	switch {
	case l.noUDP && l.noTCP && len(c.TURN.TLSListen) > 0:
		c.TURN.Listen = []string{} // TLS alone
	case l.noUDP && l.noTCP:
		s.add(Wrong, "turn.transports", "no-udp and no-tcp together leave nothing to listen on; both are offered")
	case l.noUDP:
		c.TURN.Transports = []string{"tcp"}
	case l.noTCP:
		c.TURN.Transports = []string{"udp"}
	}
}
