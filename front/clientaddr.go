package front

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Headers in which a proxy may name the client.
const (
	XForwardedFor = "X-Forwarded-For"
	Forwarded     = "Forwarded" // RFC 7239
)

// maxHops bounds how many proxies in a row are believed.
const maxHops = 16

// ClientAddr finds out where requests come from. The zero value believes the
// connection alone. It is not changed after its first use, which may then be
// concurrent.
type ClientAddr struct {
	// Trusted are the proxies whose header is believed, unmapped. A client within
	// could say that it is anybody: they should hold proxies only.
	Trusted []netip.Prefix
	// Header is the only one believed; empty means XForwardedFor. Every trusted
	// proxy must add its client to it, or pass none on.
	Header string
}

// Of returns the address that the request comes from, unmapped and without zone:
// the connection's, and as long as that is a trusted proxy's the one which the
// proxy named, from the last to the first. What is no address ends the walk at
// the proxy that passed it on. The zero Addr means that not even the connection's
// is known.
func (c *ClientAddr) Of(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := plain(peer.Addr())
	if !c.trusts(addr) {
		return addr
	}
	header, node := XForwardedFor, func(element string) string { return element }
	if c.Header == Forwarded {
		header, node = Forwarded, forwardedFor
	}
	hops := 0
	for _, line := range slices.Backward(r.Header.Values(header)) {
		for more := true; more; {
			var element string
			line, element, more = cutLast(line, ',')
			next, ok := parseNode(node(element))
			if !ok {
				return addr
			}
			addr = next
			if hops++; hops == maxHops || !c.trusts(addr) {
				return addr
			}
		}
	}
	return addr
}

// FromProxy reports whether the request comes from a trusted proxy.
func (c *ClientAddr) FromProxy(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && c.trusts(plain(peer.Addr()))
}

func (c *ClientAddr) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(c.Trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func plain(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }

// cutLast returns what stands before and after the last separator outside
// quotes. It reads from the end, where the nearest proxy wrote: a quote that a
// client left open further on hides nothing of that.
func cutLast(text string, separator byte) (before, after string, found bool) {
	quoted := false
	for i := len(text) - 1; i >= 0; i-- {
		switch {
		case text[i] == '"' && (!quoted || !escaped(text, i)):
			quoted = !quoted
		case text[i] == separator && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return "", text, false
}

// escaped reports whether an odd number of backslashes stands before text[i].
func escaped(text string, i int) bool {
	return (i-len(strings.TrimRight(text[:i], `\`)))%2 == 1
}

// forwardedFor returns the node of the parameter "for" of one element of Forwarded.
func forwardedFor(element string) string { return parameter(element, "for") }

// parameter returns the value of one parameter of an element of Forwarded; empty if
// there is none, or are two.
func parameter(element, wanted string) (value string) {
	found := false
	for more := true; more; {
		var pair string
		element, pair, more = cutLast(element, ';')
		name, text, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if !strings.EqualFold(name, wanted) {
			continue
		}
		if found {
			return ""
		}
		value, found = text, true
	}
	return value
}

// parseNode reads a node of RFC 7239, section 6, with or without its quotes: an
// address and perhaps a port. IPv6 may do without brackets where there is no
// port, as in X-Forwarded-For. Unknown and obfuscated nodes are no addresses.
func parseNode(node string) (netip.Addr, bool) {
	node = strings.Trim(node, " \t")
	if len(node) >= 2 && node[0] == '"' && node[len(node)-1] == '"' {
		node = node[1 : len(node)-1]
	}
	if addr, err := netip.ParseAddr(node); err == nil {
		return plain(addr), true
	}
	var host, port string
	if rest, ok := strings.CutPrefix(node, "["); ok {
		if host, port, ok = strings.Cut(rest, "]"); !ok || !strings.Contains(host, ":") {
			return netip.Addr{}, false
		}
		if port, ok = strings.CutPrefix(port, ":"); !ok && port == "" {
			port = "0"
		}
	} else {
		host, port, _ = strings.Cut(node, ":")
	}
	addr, err := netip.ParseAddr(host)
	return plain(addr), err == nil && validPort(port)
}

// validPort reports whether port is one, or an obfuscated one.
func validPort(port string) bool {
	name, obfuscated := strings.CutPrefix(port, "_")
	return name != "" && (obfuscated || len(name) <= 5) && !strings.ContainsFunc(name, func(r rune) bool {
		digit := r >= '0' && r <= '9'
		return !digit && !(obfuscated && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._-", r)))
	})
}
