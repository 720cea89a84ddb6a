package check

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/client"
)

// server is one ICE URL.
type server struct {
	transport string // udp, tcp or tls
	host      string
	port      string
	relays    bool // turn: and turns:, not stun:
	user      client.ICEServer

	addr netip.Addr // which answered
}

// label names the server in steps.
func (s *server) label() string { return s.transport + " " + net.JoinHostPort(s.host, s.port) }

func (s *server) String() string { return s.label() }

// publicHostRemedy is for URLs that lead nowhere.
const publicHostRemedy = "Set turn.public_host to the name or address under which visitors reach the server, and restart joingyd."

// ice looks at what the site tells browsers about its relay, and tries it.
func (c *checker) ice(ctx context.Context, w client.Welcome) []Step {
	servers, unreadable := parseServers(w.ICE.Servers)
	if len(servers) == 0 {
		return append([]Step{failed(stepICE, strings.Join(append([]string{"the site gives no ICE servers"}, unreadable...), "; "),
			publicHostRemedy+" joingyd found no host in the request to give instead.")},
			lacking("needs ice", stepSTUN, stepAllocate, stepRelay)...)
	}
	return append([]Step{c.judgeServers(ctx, servers, unreadable, w.ICE.Expires)}, c.tryServers(ctx, servers)...)
}

// parseServers reads the URLs (RFC 7064, RFC 7065), each once.
func parseServers(given []client.ICEServer) (servers []*server, unreadable []string) {
	seen := make(map[string]bool)
	for _, user := range given {
		for _, text := range user.URLs {
			if seen[text] {
				continue
			}
			seen[text] = true
			uri, err := stun.ParseURI(text)
			if err != nil || uri.Port < 1 || uri.Port > 65535 || uri.IsSecure() && uri.Proto == stun.ProtoTypeUDP {
				unreadable = append(unreadable, "cannot use "+excerpt(text))
				continue
			}
			s := &server{transport: uri.Proto.String(), host: uri.Host, port: strconv.Itoa(uri.Port), user: user}
			s.relays = uri.Scheme == stun.SchemeTypeTURN || uri.Scheme == stun.SchemeTypeTURNS
			if uri.IsSecure() {
				s.transport = "tls"
			}
			servers = append(servers, s)
		}
	}
	return servers, unreadable
}

// judgeServers looks at the hosts in the URLs: do visitors of this site get
// there?
func (c *checker) judgeServers(ctx context.Context, servers []*server, unreadable []string, expires time.Time) Step {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	detail := list(servers)
	if !expires.IsZero() {
		detail += ", credentials until " + expires.UTC().Format("15:04 UTC")
	}
	site, _ := lookup(ctx, c.site.Hostname()) // dns tells if it fails
	for _, s := range servers {
		addrs, err := lookup(ctx, s.host)
		if err != nil {
			return failed(stepICE, fmt.Sprintf("%s: %s", s, c.plain(err)), publicHostRemedy)
		}
		if widest(addrs) < widest(site) {
			return failed(stepICE, fmt.Sprintf("%s is %s, but the site is on %s", s, widest(addrs), widest(site)), publicHostRemedy)
		}
	}
	if len(unreadable) > 0 {
		return warning(stepICE, detail+"; "+strings.Join(unreadable, "; "), publicHostRemedy)
	}
	return ok(stepICE, detail)
}

// scope is from where an address can be reached.
type scope int

const (
	scopeMachine scope = iota + 1
	scopeNetwork
	scopeInternet
)

func (s scope) String() string {
	switch s {
	case scopeMachine:
		return "this machine only"
	case scopeNetwork:
		return "a private network"
	}
	return "the internet"
}

// carrierNAT is shared by providers (RFC 6598).
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// widest is the widest scope of the addresses; 0 without any.
func widest(addrs []netip.Addr) (w scope) {
	for _, addr := range addrs {
		s := scopeInternet
		switch {
		case addr.IsLoopback(), addr.IsUnspecified():
			s = scopeMachine
		case addr.IsPrivate(), addr.IsLinkLocalUnicast(), carrierNAT.Contains(addr):
			s = scopeNetwork
		}
		w = max(w, s)
	}
	return w
}
