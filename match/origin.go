package match

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// originAllowed reports whether a page of the request's Origin may open the
// WebSocket: the site's own, one that the operator listed, or none at all where
// the operator lets programs in.
func (h *Hub) originAllowed(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return h.live.Load().Absent
	}
	if len(values) > 1 {
		return false
	}
	origin := values[0]
	if slices.Contains(h.live.Load().Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || origin != u.Scheme+"://"+u.Host {
		return false
	}
	return u.Host != "" && isASCII(u.Host+r.Host) && strings.EqualFold(u.Host, r.Host)
}

// isASCII reports whether text is plain: Unicode folds ſ to s and the sign of
// Kelvin to k, and a browser writes such names otherwise (RFC 6454, 6.2).
func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}
