package setup

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/joingyd/joingyd/config"
)

// Port is one that others have to reach.
type Port struct {
	Network     string     // "tcp" or "udp"
	Addr        netip.Addr // of this machine; the zero value is every address
	First, Last uint16     // the same, but for a range
	Why         string     // what is there
}

// String is 443/tcp, or 49152:65535/udp, as ufw writes it.
func (p Port) String() string { return p.ports(":") + "/" + p.Network }

func (p Port) ports(between string) string {
	if p.First == p.Last {
		return strconv.Itoa(int(p.First))
	}
	return fmt.Sprintf("%d%s%d", p.First, between, p.Last)
}

// Ports lists what a firewall has to let in for a configuration. Listeners on
// loopback, and those whose port is any free one, are not among them.
func Ports(c config.Config) []Port {
	var list portList
	for _, listen := range c.HTTPListen() {
		list.add("tcp", listen, "pages and WebSocket")
	}
	if c.TLS.Listen != "" {
		list.add("tcp", c.TLS.Listen, "https, WebSocket and TURN over TLS")
	}
	for _, listen := range c.TURNListen() {
		for _, network := range c.TURN.Transports {
			list.add(network, listen, "relay")
		}
	}
	for _, listen := range c.TURNTLSListen() {
		list.add("tcp", listen, "TURN over TLS")
		list.add("udp", listen, "TURN over DTLS")
	}
	if c.TURN.Relay == "open" {
		first, last, err := config.ParsePorts(c.TURN.RelayPorts)
		for _, text := range c.TURN.RelayAddresses {
			if addr, addrErr := netip.ParseAddr(text); err == nil && addrErr == nil {
				list = append(list, Port{"udp", addr, first, last, "relay sockets"})
			}
		}
	}
	return list
}

type portList []Port

// add adds a listener's port, unless nobody else reaches it or it is there.
func (l *portList) add(network, listen, why string) {
	host, text, err := net.SplitHostPort(listen)
	port, portErr := strconv.ParseUint(text, 10, 16)
	if err != nil || portErr != nil || port == 0 || isLoopback(listen) {
		return
	}
	addr, _ := netip.ParseAddr(host) // a name is every address: what it is here, DNS says
	if addr.IsUnspecified() {
		addr = netip.Addr{}
	}
	p := Port{network, addr, uint16(port), uint16(port), why}
	if !slices.ContainsFunc(*l, func(q Port) bool { q.Why = p.Why; return q == p }) {
		*l = append(*l, p)
	}
}

// UFW are the commands that open the ports with ufw.
func UFW(ports []Port) (lines []string) {
	for _, p := range ports {
		if p.Addr.IsValid() {
			lines = append(lines, fmt.Sprintf("ufw allow proto %s to %s port %s", p.Network, p.Addr, p.ports(":")))
			continue
		}
		lines = append(lines, "ufw allow "+p.String())
	}
	return lines
}

// Nftables are the rules that open the ports, for the chain that filters what comes
// in: one for each transport and address.
func Nftables(ports []Port) (rules []string) {
	sets := make(map[string][]string)
	for _, p := range ports {
		match := p.Network + " dport"
		if p.Addr.IsValid() {
			family := map[bool]string{true: "ip", false: "ip6"}[p.Addr.Is4()]
			match = fmt.Sprintf("%s daddr %s %s", family, p.Addr, match)
		}
		if _, there := sets[match]; !there {
			rules = append(rules, match)
		}
		sets[match] = append(sets[match], p.ports("-"))
	}
	for i, match := range rules {
		rules[i] = fmt.Sprintf("%s { %s } accept", match, strings.Join(sets[match], ", "))
	}
	return rules
}
