package coturn

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// relays is where relay sockets are.
type relays struct {
	addrs       []netip.Addr
	external    []netip.Addr           // without the address of ours that it stands for
	mapped      map[netip.Addr]mapping // by ours
	first, last int
}

// mapping is what clients are told instead of an address of ours.
type mapping struct {
	public netip.Addr
	line   int // that says so
}

func parseAddr(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(text)
	addr = addr.Unmap()
	return addr, err == nil && addr.Zone() == "" && !addr.IsUnspecified()
}

func relayIP(s *state, l line) (Fate, string, string) {
	addr, ok := parseAddr(l.value)
	if !ok {
		return Wrong, "turn.relay_addresses", "is not an address of a machine; write one such as 192.0.2.1"
	}
	if slices.ContainsFunc(s.relays.addrs, func(a netip.Addr) bool { return a.Is4() == addr.Is4() && a != addr }) {
		return Differs, "turn.relay_addresses", "takes one IPv4 and one IPv6 address: the first of its kind is taken over, and this one is not"
	}
	if !slices.Contains(s.relays.addrs, addr) {
		s.relays.addrs = append(s.relays.addrs, addr)
	}
	return Taken, "turn.relay_addresses", ""
}

// externalIP reads public, or public/private.
func externalIP(s *state, l line) (Fate, string, string) {
	text, private, mapped := strings.Cut(l.value, "/")
	public, ok := parseAddr(text)
	ours, oursOK := parseAddr(private)
	switch {
	case !ok || mapped && !oursOK || mapped && ours.Is4() != public.Is4():
		return Wrong, "turn.external_addresses", "is neither an address nor public/private, two of one kind"
	case mapped:
		if s.relays.mapped == nil {
			s.relays.mapped = make(map[netip.Addr]mapping)
		}
		s.relays.mapped[ours] = mapping{public, l.number}
	case slices.ContainsFunc(s.relays.external, func(a netip.Addr) bool { return a.Is4() == public.Is4() }):
		return Wrong, "turn.external_addresses", "there is one already; the first is taken over"
	default:
		s.relays.external = append(s.relays.external, public)
	}
	return Taken, "turn.external_addresses", ""
}

// finishRelays makes turn.relay_addresses, turn.external_addresses and
// turn.relay_ports. Where no line says it coturn would use each interface.
func (s *state) finishRelays() {
	r, c := s.relays, &s.Config
	if r.first > r.last {
		s.add(Wrong, "turn.relay_ports", "min-port is above max-port; the range is left as it is by default")
	} else {
		c.TURN.RelayPorts = fmt.Sprintf("%d-%d", r.first, r.last)
	}
	if len(r.addrs) == 0 {
		r.addrs = s.guessRelays()
	}
	told := false
	var external []string
	for _, ours := range r.addrs {
		c.TURN.RelayAddresses = append(c.TURN.RelayAddresses, ours.String())
		to, ok := r.mapped[ours]
		delete(r.mapped, ours)
		public := to.public
		if i := slices.IndexFunc(r.external, func(a netip.Addr) bool { return a.Is4() == ours.Is4() }); !ok && i >= 0 {
			public, ok = r.external[i], true
		}
		if !ok {
			public = ours
		}
		told = told || ok
		external = append(external, public.String())
	}
	for ours, to := range r.mapped {
		s.noteOf(to.line).Fate, s.noteOf(to.line).Why = Differs, ours.String()+" is no relay address here: turn.relay_addresses takes one IPv4 and one IPv6 address"
	}
	if told {
		c.TURN.ExternalAddresses = external
	} else if len(r.external) > 0 {
		s.add(Wrong, "turn.external_addresses", "external-ip stands for no relay address of its kind; name that with relay-ip")
	}
}

// guessRelays are the relay addresses where relay-ip names none: those that clients
// come to, as in coturn, and else this machine's.
func (s *state) guessRelays() (addrs []netip.Addr) {
	take := func(list []netip.Addr) {
		for _, addr := range list {
			if addr.IsGlobalUnicast() && !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.Is4() == addr.Is4() }) {
				addrs = append(addrs, addr)
			}
		}
	}
	var mapped, listened []netip.Addr
	for ours := range s.relays.mapped {
		mapped = append(mapped, ours)
	}
	slices.SortFunc(mapped, netip.Addr.Compare)
	for _, text := range s.listens.ips {
		listened = append(listened, netip.MustParseAddr(text))
	}
	take(mapped)
	take(listened)
	if len(addrs) > 0 {
		return addrs
	}
	take(s.opts.Own)
	if len(addrs) == 0 {
		s.add(Differs, "turn.relay_addresses", "no line names an address of this machine, which has none but loopback's: put the server's in")
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	s.add(Differs, "turn.relay_addresses", "coturn looks for addresses itself; these are the first of the machine where this was translated: correct them if it is another")
	return addrs
}
