package check

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Host is what ParseHost understood: the URLs that it may mean, the likeliest
// first. The zero value is the daemon of this machine on its defaults.
type Host struct{ candidates []*url.URL }

var errHost = errors.New("write it like chat.example.org, https://chat.example.org or 127.0.0.1:8080")

// ParseHost reads a URL, a name or an address, the latter two with or without a
// port. Without a scheme it means https, or else http, which listens on 8080
// where nothing says otherwise and the host is localhost or an address.
func ParseHost(text string) (Host, error) {
	if scheme, _, ok := strings.Cut(text, "://"); ok {
		if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" {
			return Host{}, fmt.Errorf("%q is neither http nor https: %w", text, errHost)
		}
		u, err := url.Parse(text)
		if err != nil || u.User != nil || !isHost(u.Hostname(), u.Port()) {
			return Host{}, fmt.Errorf("%q is not the URL of a site: %w", text, errHost)
		}
		return Host{[]*url.URL{{Scheme: u.Scheme, Host: u.Host}}}, nil
	}
	name, port, err := splitPort(text)
	if err != nil {
		return Host{}, err
	}
	plain := &url.URL{Scheme: "http", Host: net.JoinHostPort(name, port)}
	secure := &url.URL{Scheme: "https", Host: plain.Host}
	if port == "" {
		bare := strings.TrimSuffix(plain.Host, ":")
		plain.Host, secure.Host = bare, bare
		if isLocal(name) {
			plain.Host = net.JoinHostPort(name, "8080")
		}
	}
	return Host{[]*url.URL{secure, plain}}, nil
}

// splitPort takes a name or an address, and a port if there is one, apart.
func splitPort(text string) (name, port string, err error) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil && addr.Zone() == "" {
		return addr.String(), "", nil
	}
	u, err := url.Parse("//" + text)
	if err != nil || u.Host != text || strings.HasSuffix(text, ":") || !isHost(u.Hostname(), u.Port()) {
		return "", "", fmt.Errorf("%q is not a host: %w", text, errHost)
	}
	return u.Hostname(), u.Port(), nil
}

// isHost reports whether name is an address without a zone or may be a name, and
// port is one or empty. A name is in ASCII, as it stands in DNS.
func isHost(name, port string) bool {
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 1 || n > 65535) {
		return false
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.Zone() == ""
	}
	return name != "" && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}

// isLocal reports whether a host has no name of its own that a certificate could
// be for, so that a daemon on its defaults is likely.
func isLocal(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil || strings.EqualFold(name, "localhost")
}

// isThisMachine reports whether browsers trust a host without https.
func isThisMachine(name string) bool {
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback() || strings.EqualFold(name, "localhost")
}

// all lists the candidates.
func (h Host) all() []*url.URL {
	if len(h.candidates) == 0 {
		return []*url.URL{{Scheme: "https", Host: "localhost:8080"}, {Scheme: "http", Host: "localhost:8080"}}
	}
	return h.candidates
}

// portOf is the port of a site.
func portOf(site *url.URL) string {
	switch {
	case site.Port() != "":
		return site.Port()
	case site.Scheme == "https":
		return "443"
	}
	return "80"
}
