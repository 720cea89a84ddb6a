package front

import (
	"net/http"
	"net/netip"
	"strings"
)

// xForwardedProto is where a proxy says over what the request came to it.
const xForwardedProto = "X-Forwarded-Proto"

// Secure reports whether the requester came over https: to us, or to the trusted
// proxy before us, which says so in X-Forwarded-Proto or, where Header is Forwarded,
// in its own element there. A proxy that passes on what its client wrote lets that
// client lie about itself.
func (c *ClientAddr) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !c.trusts(plain(peer.Addr())) {
		return false
	}
	if c.Header == Forwarded {
		_, element, _ := cutLast(strings.Join(r.Header.Values(Forwarded), ","), ',')
		return strings.EqualFold(strings.Trim(parameter(element, "proto"), `"`), "https")
	}
	_, proto, _ := cutLast(strings.Join(r.Header.Values(xForwardedProto), ","), ',')
	return strings.EqualFold(strings.TrimSpace(proto), "https")
}
