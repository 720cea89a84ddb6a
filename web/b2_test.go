package web_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/web"
)

// answer is what a request over TLS got.
type answer struct {
	method, path string
	page         bool // HTML
	*http.Response
	body string
}

// requirement is one of OWASP's Application Security Verification Standard 5.0.0, in
// short words of ours, that can be seen from outside: chapter V3, Web Frontend
// Security, and what V13.4 asks of a web server's answers.
//
// Levels 1 and 2 are whole but for what is no answer's: 3.5.4 (one host for each
// application) is the operator's. Of level 3 these are left out: 3.4.7, since a
// report of a violation would be a record of a visitor; the half of 3.4.3 that wants
// nonces or hashes, since there is no inline script; 3.7.4, the preload list, which
// is the operator's to ask for; 3.1.1, 3.2.3 and 3.7.5, which are about documents and
// code. 3.7.3 needs nothing where 3.7.2 lets no redirect out.
type requirement struct {
	number, text string
	check        func(answer) string // what is wrong; empty: nothing
}

func lacks(a answer, name string, parts ...string) string {
	for _, part := range parts {
		if got := a.Header.Get(name); !strings.Contains(got, part) {
			return fmt.Sprintf("%s is %q, lacks %q", name, got, part)
		}
	}
	return ""
}

// cookies is a check of each cookie that an answer sets.
func cookies(check func(*http.Cookie) bool, want string) func(answer) string {
	return func(a answer) string {
		for _, c := range a.Cookies() {
			if !check(c) {
				return fmt.Sprintf("cookie %q, want %s", c.Raw, want)
			}
		}
		return ""
	}
}

var (
	reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	plugins   = regexp.MustCompile(`(?i)<(?:object|embed|applet|bgsound|frame)`)
	listener  = regexp.MustCompile(`(?:^|[^.\w])(?:addEventListener\('message'|onmessage)|(?:window|globalThis|self)\.(?:addEventListener\('message'|onmessage)`)
	version   = regexp.MustCompile(`\b(?:go1?\.?[0-9]+|[0-9]+\.[0-9]+\.[0-9]+)\b`)
)

var requirements = []requirement{
	{"3.2.1", "nothing is rendered in another context than it is meant for", func(a answer) string {
		if a.page || a.StatusCode >= 300 || !strings.HasPrefix(a.path, "/api/") && !strings.HasSuffix(a.path, "z") && !strings.HasSuffix(a.path, ".svg") && !strings.HasSuffix(a.path, ".png") {
			return lacks(a, "X-Content-Type-Options", "nosniff")
		}
		return lacks(a, "Content-Security-Policy", "; sandbox")
	}},
	{"3.2.2", "what is text never becomes HTML", func(a answer) string {
		if strings.Contains(a.body, attack) {
			return "the operator's text became markup"
		}
		return lacks(a, "Content-Security-Policy", "require-trusted-types-for 'script'")
	}},
	{"3.3.1", "cookies are Secure, and named __Host- or __Secure-", cookies(func(c *http.Cookie) bool {
		return c.Secure && (strings.HasPrefix(c.Name, "__Host-") || strings.HasPrefix(c.Name, "__Secure-"))
	}, "Secure and a prefix")},
	{"3.3.2", "SameSite fits the cookie's purpose", cookies(func(c *http.Cookie) bool { return c.SameSite == http.SameSiteStrictMode }, "SameSite=Strict")},
	{"3.3.3", "cookies are named __Host-", cookies(func(c *http.Cookie) bool {
		return strings.HasPrefix(c.Name, "__Host-") && c.Path == "/" && c.Domain == ""
	}, "__Host-")},
	{"3.3.4", "cookies that no script needs are HttpOnly, and come in no other way", func(a answer) string {
		if strings.Contains(a.body, nodeValue) {
			return "the cookie's value is in the body"
		}
		return cookies(func(c *http.Cookie) bool { return c.HttpOnly }, "HttpOnly")(a)
	}},
	{"3.3.5", "a cookie's name and value have at most 4,096 bytes", cookies(func(c *http.Cookie) bool { return len(c.Name)+len(c.Value) <= 4096 }, "4,096 bytes")},
	{"3.4.1", "HSTS of a year, with subdomains", func(a answer) string {
		return lacks(a, "Strict-Transport-Security", "max-age=31536000", "includeSubDomains")
	}},
	{"3.4.2", "no foreign origin is let in by CORS", func(a answer) string {
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				return name + " is set"
			}
		}
		return ""
	}},
	{"3.4.3", "a content security policy with object-src and base-uri 'none' and an allowlist", func(a answer) string {
		// Hashes of what is in the start page; TestInline holds them to that.
		policy := web.InlinedHash.ReplaceAllString(a.Header.Get("Content-Security-Policy"), "")
		for _, bad := range []string{"unsafe", "*", "http:", "https:", "script-src 'self' "} {
			if strings.Contains(policy, bad) {
				return "the policy has " + bad
			}
		}
		for _, part := range []string{"default-src 'none'", "object-src 'none'", "base-uri 'none'", "script-src 'self';", "style-src 'self';"} {
			if !strings.Contains(policy, part) {
				return "the policy lacks " + part
			}
		}
		return ""
	}},
	{"3.4.4", "nosniff, and the type of what is sent", func(a answer) string {
		if a.body != "" && a.Header.Get("Content-Type") == "" {
			return "no Content-Type"
		}
		return lacks(a, "X-Content-Type-Options", "nosniff")
	}},
	{"3.4.5", "a referrer policy", func(a answer) string {
		if a.Header.Get("Referrer-Policy") == "same-origin" && (a.path == "/appeal" || a.path == "/guardian") {
			return "" // nor does that tell others anything; see form_page.go
		}
		return lacks(a, "Referrer-Policy", "no-referrer")
	}},
	{"3.4.6", "frame-ancestors", func(a answer) string { return lacks(a, "Content-Security-Policy", "frame-ancestors 'none'") }},
	{"3.4.8", "documents have an opener policy", func(a answer) string { return lacks(a, "Cross-Origin-Opener-Policy", "same-origin") }},
	{"3.5.1", "what does something checks where it is asked from", func(a answer) string {
		if a.path == "/ws" && a.StatusCode < 400 {
			return fmt.Sprintf("a foreign page got %d", a.StatusCode)
		}
		return ""
	}},
	{"3.5.2", "nothing relies on a preflight: none is answered", func(a answer) string {
		if a.method == http.MethodOptions && a.StatusCode < 400 {
			return fmt.Sprintf("status %d", a.StatusCode)
		}
		return ""
	}},
	{"3.5.3", "safe methods change nothing, and others need a token that no foreign page has", func(a answer) string {
		if a.method != http.MethodGet && a.method != http.MethodHead && a.StatusCode < 400 {
			return fmt.Sprintf("status %d", a.StatusCode)
		}
		return ""
	}},
	{"3.5.5", "no page listens to messages of others", func(a answer) string {
		if strings.HasSuffix(a.path, ".js") && listener.MatchString(a.body) {
			return "the script has a message listener"
		}
		return ""
	}},
	{"3.5.6", "no JSONP", func(a answer) string {
		if !a.page && strings.Contains(a.body, jsonp) {
			return "the callback's name came back"
		}
		return ""
	}},
	{"3.5.7", "scripts carry no data of a visitor's", func(a answer) string {
		if strings.HasSuffix(a.path, ".js") && (strings.Contains(a.body, visitor) || strings.Contains(a.body, nodeValue)) {
			return "the script names its requester"
		}
		return ""
	}},
	{"3.5.8", "nothing is loaded by other sites", func(a answer) string { return lacks(a, "Cross-Origin-Resource-Policy", "same-origin") }},
	{"3.6.1", "nothing is hosted elsewhere", func(a answer) string {
		for _, m := range reference.FindAllStringSubmatch(a.body, -1) {
			if a.page && !strings.HasPrefix(m[1], "/") && !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], "?lang=") && !strings.HasPrefix(m[1], "mailto:") || strings.HasPrefix(m[1], "//") {
				return "refers to " + m[1]
			}
		}
		return ""
	}},
	{"3.7.1", "no plugins", func(a answer) string {
		if a.page {
			return plugins.FindString(a.body)
		}
		return ""
	}},
	{"3.7.2", "redirects stay here", func(a answer) string {
		if to := a.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`)) {
			return "leads to " + to
		}
		return ""
	}},
	{"13.4.3", "no directory is listed", func(a answer) string {
		if strings.HasSuffix(a.path, "/") && a.path != "/" && a.StatusCode < 300 {
			return "listed"
		}
		return ""
	}},
	{"13.4.4", "no TRACE", func(a answer) string {
		if a.method == http.MethodTrace && a.StatusCode < 400 {
			return fmt.Sprintf("status %d", a.StatusCode)
		}
		return ""
	}},
	{"13.4.6", "no header tells a version, a product or the machine's name", func(a answer) string {
		host, _ := os.Hostname()
		for name, values := range a.Header {
			if slices.Contains([]string{"Server", "X-Powered-By", "Via", "X-Generator", "X-Runtime"}, name) {
				return name + " is set"
			}
			for _, value := range values {
				if name != "Etag" && version.MatchString(value) || len(host) > 3 && strings.Contains(value, host) {
					return fmt.Sprintf("%s: %s", name, value)
				}
			}
		}
		return ""
	}},
}

const (
	attack    = `"><script>alert(1)</script>`
	nodeValue = "node-of-the-trial"
	jsonp     = "jsonpOfTheTrial"
	visitor   = "203.0.113.77"
)

// askEverything asks a whole site, its WebSocket included, for all it has, as a
// foreign page would.
func askEverything(t *testing.T) (answers []answer) {
	t.Helper()
	banned := netip.MustParseAddr("192.0.2.66")
	hub := match.New(match.Options{
		Addr: func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Banned: func(addr netip.Addr, _ match.Use) (match.Ban, bool) {
			return match.Ban{Reason: attack, Until: time.Now().Add(time.Hour)}, addr == banned
		},
		Policy: policy, SessionsPerAddress: 8,
	})
	site := newSite(t, web.Options{
		SiteName: attack, Banner: attack, Contact: "desk@example.org", HSTS: true, Node: &web.NodeCookie{Value: nodeValue}, Socket: hub, Snapshots: http.HandlerFunc(hub.ServeSnapshot), Stills: true,
		Forms: &web.Forms{},
	})
	ask := func(method, path, from string, header ...string) {
		r := httptest.NewRequest(method, path+"?callback="+jsonp, nil)
		r.TLS, r.RemoteAddr = &tls.ConnectionState{}, from+":1"
		r.Header.Set("Accept", "*/*")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		answers = append(answers, answer{method, path, strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"), w.Result(), w.Body.String()})
	}
	paths := append(everything(t, site), "/ws", "/api/snapshots", "/sw.js", "/manifest.webmanifest", "/static/", "/static/js/", "/about/", "/../about", "/static/v-000000000000/site.css")
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "TRACE"} {
			ask(method, path, visitor, "Origin", "https://foreign.test")
		}
	}
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol", match.Subprotocol}
	ask("GET", "/ws", visitor, upgrade...)                                                      // no origin
	ask("GET", "/ws", visitor, append(upgrade, "Origin", "https://foreign.test")...)            // a foreign one
	ask("GET", "/ws", visitor, append(upgrade, "Origin", "http://example.com.foreign.test")...) // one that looks like ours
	ask("GET", "/ws", banned.String(), append(upgrade, "Origin", "http://example.com")...)      // banned
	ask("GET", "/ws", "198.51.100.1", "Origin", "http://example.com")                           // no upgrade
	for range 40 {
		ask("GET", "/ws", visitor, append(upgrade, "Origin", "https://foreign.test")...) // too many
	}
	return answers
}

// Trial B2: the security headers and cookies of every answer of the site, against
// OWASP's ASVS 5.0.
func TestB2SecurityHeaders(t *testing.T) {
	answers := askEverything(t)
	seen := map[int]int{}
	for _, a := range answers {
		seen[a.StatusCode]++
	}
	for _, status := range []int{200, 307, 401, 403, 404, 405, 426, 429} {
		if seen[status] == 0 {
			t.Errorf("no answer has status %d: %v", status, seen)
		}
	}
	met := 0
	for _, r := range requirements {
		wrong := 0
		for _, a := range answers {
			if problem := r.check(a); problem != "" {
				if wrong++; wrong <= 3 {
					t.Errorf("%s %s: %s %s (%d): %s", r.number, r.text, a.method, a.path, a.StatusCode, problem)
				}
			}
		}
		if wrong == 0 {
			met++
		}
	}
	t.Logf("figure: %d/%d requirements of ASVS 5.0, each on %d answers", met, len(requirements), len(answers))
}
