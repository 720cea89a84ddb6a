package desk

import (
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/joingyd/joingyd/admin"
)

// policy allows the desk's own files, and pictures that its scripts make out of evidence.
// Trusted Types turn every way from text to markup or code off: there is no policy that
// could make one.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' blob:",
	"connect-src 'self'",
	"object-src 'none'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
}, "; ")

// headers are those of every answer.
var headers = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      policy,
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), display-capture=(), geolocation=(), microphone=(), publickey-credentials-get=(), usb=()",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"X-Robots-Tag":                 "noindex",
}

// Origins returns under which origins browsers come to a listener. Behind a proxy, or a
// port that is forwarded, that is the configured one alone; else the names that the
// machine has for itself. Links have the first.
func Origins(configured string, listening net.Addr) []string {
	if configured != "" {
		return []string{configured}
	}
	_, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		port = "80" // no TCP address: nobody comes by it
	}
	own := []string{"http://" + listening.String()}
	for _, host := range []string{"127.0.0.1", "localhost", "::1"} {
		if origin := "http://" + net.JoinHostPort(host, port); origin != own[0] {
			own = append(own, origin)
		}
	}
	return own
}

// readOrigins returns the origin that belongs to each Host.
func readOrigins(origins []string) (hosts map[string]string, secure bool, err error) {
	hosts = make(map[string]string)
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" {
			return nil, false, fmt.Errorf("desk: %q is not an origin", origin)
		}
		secure = u.Scheme == "https"
		host := plainHost(u.Host)
		hosts[host] = u.Scheme + "://" + host
	}
	if len(hosts) == 0 {
		return nil, false, errors.New("desk: there is no origin")
	}
	return hosts, secure, nil
}

// plainHost is a Host without the ports that browsers leave away.
func plainHost(host string) string {
	host = strings.ToLower(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}

// guard lets through what comes from the desk's own pages.
//
// A Host that is not ours is a name that somebody else has pointed here (DNS rebinding).
// For the answers of /api/, the browser must not say that another page asks, and what
// changes something needs our Origin, a header of ours and JSON: three things that no
// other page can send, of which each would do. SameSite cookies alone would not: all
// ports of localhost are one site.
type guard struct {
	hosts map[string]string // Host → origin
	next  http.Handler
}

// askHeader is a header that a page of another origin cannot send without being asked
// (CORS), which is refused.
const askHeader = "Joingyd-Desk"

const maxRequest = 16 << 10 // bytes of a body

// ServeHTTP implements http.Handler.
func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	origin, ok := g.hosts[plainHost(r.Host)]
	if !ok {
		writeError(w, http.StatusMisdirectedRequest, admin.CodeForbidden, "this is not the moderators' page of that name; set admin.web_origin to the origin that browsers show, and have the proxy send Host as it came")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if why := foreign(r, origin); why != "" {
		writeError(w, http.StatusForbidden, admin.CodeForbidden, why)
		return
	}
	g.next.ServeHTTP(w, r)
}

// foreign says why a request does not come from a page of this origin, "" if it does or
// need not.
func foreign(r *http.Request, origin string) string {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads && !strings.HasPrefix(r.URL.Path, "/api/") {
		return ""
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return "only the moderators' page itself may ask; open it anew"
	}
	if reads {
		return ""
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(r.Header.Values("Origin")) != 1 || !strings.EqualFold(r.Header.Get("Origin"), origin):
		return "the Origin is not " + origin + "; open the page there, or set admin.web_origin"
	case r.Header.Get(askHeader) != "1":
		return "the header " + askHeader + " is missing; only the moderators' page itself may ask"
	case err != nil || kind != "application/json":
		return "the request is not JSON; only the moderators' page itself may ask"
	}
	return ""
}
