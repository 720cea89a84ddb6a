package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// defaultPort is where pages are without http.listen.
const defaultPort = "8080"

// IsEmail reports whether text is a bare e-mail address, fit for a mailto: link.
func IsEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text && !strings.ContainsAny(text, "\"?&%# ")
}

// AbuseEmail returns where abuse is reported to; empty if nothing says so.
func (s Site) AbuseEmail() string {
	switch {
	case s.AbuseContact != "":
		return s.AbuseContact
	case IsEmail(s.Contact):
		return s.Contact
	}
	return ""
}

// Answerable reports whether visitors and authorities can reach somebody.
func (s Site) Answerable() bool { return s.Contact != "" && s.AbuseEmail() != "" }

// HTTPListen returns the addresses for pages and WebSocket. Without http.listen and
// a contact they are this machine's loopback ones, of which IPv6's may not exist.
func (c Config) HTTPListen() []string {
	switch {
	case c.HTTP.Listen != "":
		return []string{c.HTTP.Listen}
	case c.Site.Answerable():
		return []string{":" + defaultPort}
	}
	return []string{net.JoinHostPort("127.0.0.1", defaultPort), net.JoinHostPort("::1", defaultPort)}
}

// TURNListen returns the addresses for STUN and TURN: turn.listen, where an empty host
// stands for this machine's loopback addresses as long as nobody but this machine is
// let in to the site.
func (c Config) TURNListen() []string { return c.relayListen(c.TURN.Listen) }

// TURNTLSListen is TURNListen for turn.tls_listen.
func (c Config) TURNTLSListen() []string { return c.relayListen(c.TURN.TLSListen) }

func (c Config) relayListen(listen []string) (addrs []string) {
	if !c.Cluster.HasRelay() {
		return nil
	}
	for _, one := range listen {
		if host, port, err := net.SplitHostPort(one); err == nil && host == "" && !c.relayIsPublic() {
			addrs = append(addrs, net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port))
			continue
		}
		addrs = append(addrs, one)
	}
	return addrs
}

// relayIsPublic reports whether the relay may answer others than this machine: it
// serves a site that does, or other programs too.
func (c Config) relayIsPublic() bool { return c.Site.Answerable() || c.TURN.Relay == "open" }

// ClosedSite is the warning that nobody but this machine is let in, as in a package
// that has been installed and not set up.
const ClosedSite = "the site is open to this machine only; run joingyd setup, or set site.contact, and site.abuse_contact if that is no e-mail address, to let others in"

// Warnings returns what may be meant, but is most likely not.
func (c Config) Warnings() (list []string) {
	if c.Admin.WebListen != "" && beyondLoopback(c.Admin.WebListen) {
		list = append(list, "admin.web_listen can be reached from elsewhere, and what is between it and the proxy is in clear; keep that network private, or listen on 127.0.0.1")
	}
	if c.Site.Answerable() {
		return list
	}
	const remedy = "set site.contact, and site.abuse_contact if that is no e-mail address"
	relay := ""
	if !slices.Equal(c.TURNListen(), c.TURN.Listen) {
		relay = ", and the relay answers this machine only"
	}
	if c.HTTP.Listen == "" && c.TLS.Listen == "" {
		list = append(list, ClosedSite)
	}
	if len(c.HTTP.TrustedProxies) > 0 {
		list = append(list, "http.trusted_proxies is set, so a proxy lets others in, but they cannot reach the operator"+relay+"; "+remedy)
	}
	if i := slices.IndexFunc(c.HTTP.AllowOrigins, publicOrigin); i >= 0 {
		list = append(list, fmt.Sprintf("http.allow_origins lets in visitors of %s, but they cannot reach the operator%s; %s", c.HTTP.AllowOrigins[i], relay, remedy))
	}
	return list
}

// contact checks that whoever is let in can reach somebody.
func (v *validator) contact(c Config) {
	v.text("site.contact", c.Site.Contact, 0, 200)
	v.text("site.abuse_contact", c.Site.AbuseContact, 0, 200)
	if c.Site.AbuseContact != "" && !IsEmail(c.Site.AbuseContact) {
		v.add("site.abuse_contact", fmt.Sprintf("%q is not an e-mail address; write one such as abuse@example.org", c.Site.AbuseContact))
	}
	if c.Site.Answerable() {
		return
	}
	for _, at := range c.listens() {
		if beyondLoopback(at.listen) {
			v.add(at.key, fmt.Sprintf("%q lets in others than this machine, who must be able to reach the operator; set site.contact (an e-mail address or URL) and site.abuse_contact (an e-mail address, unless site.contact is one), or listen on 127.0.0.1", at.listen))
		}
	}
}

// listen is an address where visitors come, and the key that says so.
type listen struct{ key, listen string }

// listens lists where visitors are let in.
func (c Config) listens() []listen {
	list := []listen{{"http.listen", c.HTTP.Listen}, {"tls.listen", c.TLS.Listen}}
	if c.relayIsPublic() {
		return list
	}
	for _, addr := range c.TURNListen() {
		list = append(list, listen{"turn.listen", addr})
	}
	for _, addr := range c.TURNTLSListen() {
		list = append(list, listen{"turn.tls_listen", addr})
	}
	return list
}

// beyondLoopback reports whether others than this machine reach listen, a host:port.
func beyondLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && !local(host, netip.Addr.IsLoopback)
}

// publicOrigin reports whether an origin's host may be one on the internet.
func publicOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && !local(u.Hostname(), func(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() })
}

// local reports whether host is this machine's own name, or an address that is near.
func local(host string, near func(netip.Addr) bool) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && near(addr.Unmap())
}
