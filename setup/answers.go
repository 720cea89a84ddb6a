// Package setup turns the answers to a few questions into a configuration, and tells
// what the machine around it needs: ports in the firewall, names in DNS, bandwidth.
//
//	answers ─▶ Validate ─▶ Apply to the present settings ─▶ what differs ─▶ Write: the file, whole or not at all
//	                                                     └▶ Ports ─▶ lines for ufw and nftables
//
// It asks nobody and restarts nothing: that is package main's. The same answers
// given twice change nothing.
package setup

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/joingyd/joingyd/config"
)

// TLS is how visitors get https.
type TLS string

// The ways.
const (
	ACME       TLS = "acme"        // a certificate that the daemon obtains and renews
	Files      TLS = "files"       // one that somebody else renews
	Proxy      TLS = "proxy"       // a reverse proxy or CDN has it
	SelfSigned TLS = "self-signed" // on a LAN: browsers warn, and then give a camera
	None       TLS = "none"        // plain http: text chats alone, but for this machine
)

// Ways lists every TLS.
var Ways = []TLS{ACME, Files, Proxy, SelfSigned, None}

// Answers are what an operator says of a site.
type Answers struct {
	Domain       string // under which visitors come; on a LAN an address may do
	Contact      string // where they reach the operator: an e-mail address or URL
	AbuseContact string // e-mail address; empty if Contact is one
	TLS          TLS
	CertFile     string   // PEM; with Files
	KeyFile      string   // the same
	Proxies      []string // addresses or prefixes; with Proxy
	RelayHost    string   // name or address under which browsers reach the relay; Domain if empty

	TrafficPerMonth string // see ParseSize; empty: there is no limit
}

// Where a proxy on the same machine comes from.
var loopback = []string{"127.0.0.1", "::1"}

// Present are the answers that a configuration amounts to, as far as it has any.
func Present(c config.Config) Answers {
	a := Answers{
		Contact:      c.Site.Contact,
		AbuseContact: c.Site.AbuseContact,
		CertFile:     c.TLS.CertFile,
		KeyFile:      c.TLS.KeyFile,
		Proxies:      c.HTTP.TrustedProxies,
		Domain:       c.TURN.PublicHost,
		RelayHost:    c.TURN.PublicHost,
	}
	if c.TURN.TrafficPerMonth > 0 {
		a.TrafficPerMonth = FormatSize(c.TURN.TrafficPerMonth)
	}
	switch {
	case len(c.TLS.ACMEDomains) > 0:
		a.TLS, a.Domain = ACME, c.TLS.ACMEDomains[0]
	case c.TLS.Listen != "":
		a.TLS = Files
	case c.HTTP.TLSSelfSigned:
		a.TLS = SelfSigned
	case len(c.HTTP.TrustedProxies) > 0:
		a.TLS = Proxy
	case c.Site.AbuseEmail() != "" && c.TURN.PublicHost != "":
		a.TLS = None
	}
	return a
}

// Problem is an answer that cannot be used.
type Problem struct {
	Answer string // "domain", "contact", "abuse-contact", "tls", "cert", "key", "proxy", "relay-host" or "traffic-per-month"
	Detail string // what is wrong and what to say instead
}

// Error implements error.
func (p *Problem) Error() string { return "--" + p.Answer + ": " + p.Detail }

// Validate returns what is wrong with the answers. It touches neither disk nor network.
func (a Answers) Validate() (problems []*Problem) {
	add := func(answer, format string, args ...any) {
		problems = append(problems, &Problem{answer, fmt.Sprintf(format, args...)})
	}
	switch {
	case a.TLS == "":
		add("tls", "is missing; say how visitors get https: %s", a.TLS.choices())
	case !slices.Contains(Ways, a.TLS):
		add("tls", "%q is not known; use %s", a.TLS, a.TLS.choices())
	}
	if detail := a.wrongDomain(); detail != "" {
		add("domain", "%s", detail)
	}
	switch {
	case a.Contact == "":
		add("contact", "is missing; say where visitors reach you: an e-mail address or a URL")
	case !config.IsEmail(a.Contact) && !isPage(a.Contact):
		add("contact", "%q is neither an e-mail address nor a URL; write one such as you@example.org or https://example.org/contact", a.Contact)
	}
	switch {
	case a.AbuseContact != "" && !config.IsEmail(a.AbuseContact):
		add("abuse-contact", "%q is not an e-mail address; write one such as abuse@example.org", a.AbuseContact)
	case a.AbuseContact == "" && isPage(a.Contact):
		add("abuse-contact", "is missing; abuse is reported by e-mail, and --contact is no e-mail address")
	}
	if a.TLS == Files {
		if a.CertFile == "" {
			add("cert", "is missing; name the file with the certificate chain (PEM)")
		}
		if a.KeyFile == "" {
			add("key", "is missing; name the file with the certificate's private key (PEM)")
		}
	}
	for _, proxy := range a.Proxies {
		if _, err := config.ParseProxy(proxy); err != nil {
			add("proxy", "%v", err)
		}
	}
	if a.RelayHost != "" && !config.ValidHost(a.RelayHost) {
		add("relay-host", "%q is not a host; write a name or an address, without scheme and port", a.RelayHost)
	}
	if _, err := a.trafficPerMonth(); err != nil {
		add("traffic-per-month", "%v", err)
	}
	return problems
}

// trafficPerMonth is the answer in bytes.
func (a Answers) trafficPerMonth() (int, error) {
	if a.TrafficPerMonth == "" {
		return 0, nil
	}
	return ParseSize(a.TrafficPerMonth)
}

// isPage reports whether a contact is the URL of a page.
func isPage(contact string) bool {
	u, err := url.Parse(contact)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// wrongDomain says what is wrong with the domain, if anything.
func (a Answers) wrongDomain() string {
	_, notAddr := netip.ParseAddr(a.Domain)
	switch {
	case a.Domain == "":
		return "is missing; say under which name visitors come, such as chat.example.org"
	case !config.ValidHost(a.Domain):
		return fmt.Sprintf("%q is not a name; write one such as chat.example.org, without https://, port and path, in its xn-- form if need be", a.Domain)
	case a.TLS == SelfSigned || a.TLS == None:
		return ""
	case notAddr == nil:
		return fmt.Sprintf("%q is an address; a certificate that browsers trust needs a name, or use --tls self-signed on a LAN", a.Domain)
	case !strings.Contains(strings.Trim(a.Domain, "."), ".") || a.TLS == ACME && isPrivateName(a.Domain):
		return fmt.Sprintf("%q is a name within a network; a certificate that browsers trust needs one such as chat.example.org, or use --tls self-signed on a LAN", a.Domain)
	}
	return ""
}

// isPrivateName reports whether no public authority gives a certificate for a name:
// its ending is set aside for private networks (RFC 6761, 6762, 8375 and ICANN's
// decision on .internal), or in wide use there.
func isPrivateName(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return slices.ContainsFunc([]string{".local", ".localhost", ".internal", ".home.arpa", ".test", ".lan"}, func(end string) bool {
		return strings.HasSuffix(name, end)
	})
}

func (TLS) choices() string {
	var names []string
	for _, way := range Ways {
		names = append(names, string(way))
	}
	return strings.Join(names, ", ")
}

// Apply returns the settings with the answers in them. What an answer does not
// speak of stays, and so does a setting that fits the answer already.
func (a Answers) Apply(c config.Config) config.Config {
	was := Present(c).TLS
	c.Site.Contact, c.Site.AbuseContact = a.Contact, a.AbuseContact
	c.TURN.PublicHost = cmp.Or(a.RelayHost, a.Domain)
	if bytes, err := a.trafficPerMonth(); err == nil {
		c.TURN.TrafficPerMonth = bytes
	}
	c.HTTP.TLSSelfSigned = a.TLS == SelfSigned
	if a.TLS == ACME || a.TLS == Files {
		c.TLS.Listen = cmp.Or(c.TLS.Listen, ":443")
	} else {
		c.TLS.Listen = ""
	}
	switch {
	case a.TLS != ACME:
		c.TLS.ACMEDomains = []string{}
	case !slices.Contains(c.TLS.ACMEDomains, a.Domain):
		c.TLS.ACMEDomains = []string{a.Domain}
	}
	if a.TLS == ACME {
		c.TLS.ACMEEmail = cmp.Or(c.TLS.ACMEEmail, c.Site.AbuseEmail())
	}
	switch {
	case a.TLS == Files:
		c.TLS.CertFile, c.TLS.KeyFile = a.CertFile, a.KeyFile
	case a.TLS == ACME || len(c.TURN.TLSListen) == 0: // else they are the relay's
		c.TLS.CertFile, c.TLS.KeyFile = "", ""
	}
	if a.TLS != Proxy && was == Proxy { // which is gone
		c.HTTP.TrustedProxies, c.HTTP.ForwardedHeader = []string{}, config.Default().HTTP.ForwardedHeader
	}
	near := isLoopback(c.HTTP.Listen)
	switch a.TLS {
	case SelfSigned, None: // the only port there is
		if near {
			c.HTTP.Listen = ""
		}
	case Proxy:
		if c.HTTP.Listen == "" {
			c.HTTP.Listen = "127.0.0.1:8080"
		}
		c.HTTP.TrustedProxies = a.Proxies
		if len(a.Proxies) == 0 {
			c.HTTP.TrustedProxies = loopback
		}
	default:
		if !near {
			c.HTTP.Listen = "127.0.0.1:8080"
		}
	}
	return c
}

// isLoopback reports whether only this machine reaches a host:port.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	addr, addrErr := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || addrErr == nil && addr.IsLoopback())
}

// URL is where visitors come.
func (a Answers) URL(c config.Config) string {
	host, _ := netip.ParseAddr(a.Domain)
	name := a.Domain
	if host.Is6() {
		name = "[" + name + "]"
	}
	scheme, listen := "https", c.TLS.Listen
	switch a.TLS {
	case Proxy:
		listen = ":443"
	case SelfSigned, None:
		listen = cmp.Or(c.HTTP.Listen, ":8080")
	}
	usual := "443"
	if a.TLS == None {
		scheme, usual = "http", "80"
	}
	if _, port, err := net.SplitHostPort(listen); err == nil && port != usual {
		name += ":" + port
	}
	return scheme + "://" + name
}
