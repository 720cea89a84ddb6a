package web_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/web"
)

const policy = "2026-11-24"

var pagePaths = []string{
	"/", "/about", "/terms", "/privacy", "/rules", "/safety", "/appeal", "/data", "/law", "/guardian", "/transparency", "/offline",
}

func newSite(t *testing.T, o web.Options) http.Handler {
	t.Helper()
	if o.Policy == "" {
		o.Policy = policy
	}
	site, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func do(site http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSecurityHeaders(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
			"media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; " +
			"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types joingyd",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"X-Frame-Options":              "DENY",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security":    "",
		"Set-Cookie":                   "",
		"Server":                       "",
	}
	site := newSite(t, web.Options{})
	paths := append([]string{"/static/site.css", "/static/js/page.js", "/static/none", "/api/online", "/api/ban", "/healthz", "/readyz", "/none", "//about"}, pagePaths...)
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			header := do(site, method, "http://example.test"+path).Header
			for name, value := range want {
				got := header.Get(name)
				if kind := header.Get("Content-Type"); kind == "application/json" || path == "/healthz" || path == "/readyz" {
					got = strings.TrimSuffix(got, "; sandbox") // no page
				}
				if path == "/" {
					got = web.InlinedHash.ReplaceAllString(got, "")
				}
				if got != value {
					t.Errorf("%s %s: %s is %q, want %q", method, path, name, got, value)
				}
			}
			permissions := header.Get("Permissions-Policy")
			for _, p := range []string{"camera=(self)", "microphone=(self)", "display-capture=()", "geolocation=()"} {
				if !strings.Contains(permissions, p) {
					t.Errorf("%s %s: Permissions-Policy %q lacks %s", method, path, permissions, p)
				}
			}
		}
	}
}

func TestHSTS(t *testing.T) {
	tests := []struct {
		name      string
		hsts, tls bool
		want      bool
	}{
		{"plain", true, false, false},
		{"self-signed", false, true, false},
		{"tls", true, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			w := httptest.NewRecorder()
			newSite(t, web.Options{HSTS: tt.hsts}).ServeHTTP(w, r)
			if got := w.Header().Get("Strict-Transport-Security") != ""; got != tt.want {
				t.Errorf("header set: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPages(t *testing.T) {
	site := newSite(t, web.Options{SiteName: "Parley"})
	for _, path := range append([]string{"/none"}, pagePaths...) {
		t.Run(path, func(t *testing.T) {
			resp := do(site, http.MethodGet, path)
			want := http.StatusOK
			if path == "/none" {
				want = http.StatusNotFound
			}
			if resp.StatusCode != want {
				t.Errorf("status %d, want %d", resp.StatusCode, want)
			}
			if got := resp.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("Content-Type %q", got)
			}
			html := body(t, resp)
			for _, part := range []string{"<!doctype html>\n<html lang=\"en\"", "Parley</title>", "</main>", "</html>"} {
				if strings.Count(html, part) != 1 {
					t.Errorf("contains %q %d times, want once", part, strings.Count(html, part))
				}
			}
			checkBalanced(t, web.Inlined.ReplaceAllString(html, ""))
			if head := do(site, http.MethodHead, path); head.StatusCode != want || body(t, head) != "" {
				t.Errorf("HEAD: status %d with a body, want %d without", head.StatusCode, want)
			}
		})
	}
}

var tag = regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>`)

// checkBalanced checks that every element is closed, in order, and that no id
// comes twice.
func checkBalanced(t *testing.T, html string) {
	t.Helper()
	var open []string
	ids := map[string]bool{}
	for _, m := range tag.FindAllStringSubmatch(html, -1) {
		closing, name, attributes := m[1] == "/", m[2], m[3]
		if id := regexp.MustCompile(` id="([^"]*)"`).FindStringSubmatch(attributes); id != nil {
			if ids[id[1]] {
				t.Errorf("id %q comes twice", id[1])
			}
			ids[id[1]] = true
		}
		switch {
		case strings.Contains("|meta|link|img|input|br|", "|"+name+"|"), strings.HasSuffix(attributes, "/"):
		case !closing:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			t.Fatalf("</%s> closes %v", name, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
}

func TestStartPageHooks(t *testing.T) {
	html := body(t, do(newSite(t, web.Options{}), http.MethodGet, "/"))
	for _, id := range strings.Fields("start chat online interest-input interests consent-adult consent-policy video-chat text-chat " +
		"local-video remote-video log message send next stop report report-dialog status support ban-notice") {
		if !strings.Contains(html, ` id="`+id+`"`) {
			t.Errorf("the start page lacks #%s", id)
		}
	}
	if !strings.Contains(html, `data-policy="`+policy+`"`) {
		t.Errorf("the start page does not name the policy version %s", policy)
	}
}

func TestOperatorTextsAreEscaped(t *testing.T) {
	const attack = `"><script>alert(1)</script><i title='`
	site := newSite(t, web.Options{SiteName: attack, Policy: attack, Contact: attack})
	for _, path := range append([]string{"/none"}, pagePaths...) {
		html := body(t, do(site, http.MethodGet, path))
		if strings.Contains(html, "<script>") || strings.Contains(html, "<i title") {
			t.Errorf("%s: text of the operator became markup", path)
		}
	}
}

func TestContact(t *testing.T) {
	tests := []struct{ contact, want string }{
		{"", "(no contact has been given yet)"},
		{"desk@example.org", `<a href="mailto:desk@example.org"`},
		{"https://example.org/desk", `<a href="https://example.org/desk"`},
		{"room 12, Main Street", "room 12, Main Street"},
		{"javascript:alert(1)//@", "operator: javascript:alert(1)//@"},
	}
	for _, tt := range tests {
		html := body(t, do(newSite(t, web.Options{Contact: tt.contact}), http.MethodGet, "/appeal"))
		if !strings.Contains(html, tt.want) {
			t.Errorf("contact %q: page lacks %q", tt.contact, tt.want)
		}
		if strings.Contains(html, `href="javascript:`) {
			t.Errorf("contact %q became a script", tt.contact)
		}
	}
}

func TestMethods(t *testing.T) {
	site := newSite(t, web.Options{})
	for _, path := range []string{"/", "/about", "/none", "/static/site.css", "/api/ban", "/healthz"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
			resp := do(site, method, path)
			if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: status %d, Allow %q", method, path, resp.StatusCode, resp.Header.Get("Allow"))
			}
		}
	}
}

// Stills are posted to one path, whose answers have the headers of all; nothing else
// takes anything, and nothing does where there is no one to take them.
func TestSnapshots(t *testing.T) {
	asked := 0
	site := newSite(t, web.Options{Snapshots: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer x" {
			t.Errorf("%s, headers %v", r.Method, r.Header)
		}
		w.WriteHeader(http.StatusAccepted)
	})})
	resp := do(site, http.MethodPost, "/api/snapshots", "Authorization", "Bearer x")
	if resp.StatusCode != http.StatusAccepted || asked != 1 {
		t.Errorf("status %d, asked %d times", resp.StatusCode, asked)
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "; sandbox", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := resp.Header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s is %q, lacks %q", name, got, want)
		}
	}
	for _, path := range []string{"/", "/api/snapshots/", "/api/snapshots/1", "/api//snapshots", "/API/snapshots", "/api/online", "/ws", "/none"} {
		if got := do(site, http.MethodPost, path).StatusCode; got != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, got)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	without := newSite(t, web.Options{})
	for method, want := range map[string]int{http.MethodPost: http.StatusMethodNotAllowed, http.MethodGet: http.StatusNotFound} {
		if got := do(without, method, "/api/snapshots").StatusCode; got != want {
			t.Errorf("%s where nobody takes stills: status %d, want %d", method, got, want)
		}
	}
}

// Visitors are told of stills where a site asks for them, and only there.
func TestStillsAreTold(t *testing.T) {
	for _, stills := range []bool{false, true} {
		site := newSite(t, web.Options{Stills: stills})
		for lang, words := range map[string]struct{ told, nothing string }{
			"en": {"a program looks at single pictures", "This site records neither picture nor sound."},
			"de": {"ein Programm zufällig ausgewählte einzelne Bilder", "Diese Seite zeichnet weder Bild noch Ton auf."},
			"ar": {"يفحص برنامجٌ صورًا مفردة", "هذا الموقع لا يسجّل صورة ولا صوتًا."},
		} {
			html := web.Inlined.ReplaceAllString(body(t, do(site, http.MethodGet, "/?lang="+lang)), "")
			checkBalanced(t, html)
			if got := strings.Contains(html, words.told); got != stills {
				t.Errorf("%s: with stills %v, told %v", lang, stills, got)
			}
			if got := strings.Contains(html, words.nothing); got == stills {
				t.Errorf("%s: with stills %v, says that neither picture nor sound is recorded: %v", lang, stills, got)
			}
			if _, note, _ := strings.Cut(html, `<p id="stills"`); stills && !strings.Contains(note[:600], `<a href="/privacy?lang=`+lang+`" target="_blank">`) {
				t.Errorf("%s: the note does not lead to the privacy policy", lang)
			}
		}
	}
}

func TestOnline(t *testing.T) {
	resp := do(newSite(t, web.Options{Online: func() int { return 7 }}), http.MethodGet, "/api/online")
	if got := body(t, resp); got != `{"online":7}` || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s (%s)", got, resp.Header.Get("Content-Type"))
	}
}

func TestBan(t *testing.T) {
	until := time.Date(2026, 12, 1, 13, 0, 0, 0, time.FixedZone("", 3600))
	tests := []struct {
		name   string
		notice *web.BanNotice
		want   string
	}{
		{"nobody", nil, `{"banned":false}`},
		{"for a time", &web.BanNotice{Reason: "spam", Until: until, By: "rule"}, `{"banned":true,"code":"banned","reason":"spam","until":"2026-12-01T12:00:00Z","by":"rule","appeal":"/appeal"}`},
		{"permanent", &web.BanNotice{Reason: "<b>"}, `{"banned":true,"code":"banned","reason":"\u003cb\u003e","until":null,"appeal":"/appeal"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := newSite(t, web.Options{Ban: func(r *http.Request) (web.BanNotice, bool) {
				if r.RemoteAddr != "192.0.2.1:1234" { // httptest's
					t.Errorf("asked about %s", r.RemoteAddr)
				}
				if tt.notice == nil {
					return web.BanNotice{}, false
				}
				return *tt.notice, true
			}})
			resp := do(site, http.MethodGet, "/api/ban")
			if got := body(t, resp); got != tt.want || !json.Valid([]byte(got)) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("status %d, Cache-Control %q", resp.StatusCode, resp.Header.Get("Cache-Control"))
			}
			for _, path := range pagePaths {
				if got := do(site, http.MethodGet, path).StatusCode; got != http.StatusOK {
					t.Errorf("%s: status %d for a banned visitor", path, got)
				}
			}
		})
	}
}

// Without a script the start page, which is the same for everybody, leads to one that says
// it, and that nobody keeps.
func TestBanPage(t *testing.T) {
	notice := web.BanNotice{Reason: "<b>spam", Until: time.Date(2026, 12, 1, 13, 0, 0, 0, time.UTC), By: "rule"}
	banned := true
	site := newSite(t, web.Options{Ban: func(*http.Request) (web.BanNotice, bool) { return notice, banned }})
	start := do(site, http.MethodGet, "/")
	if text := body(t, start); !strings.Contains(text, `href="/ban"`) || strings.Contains(text, "gt;spam") || start.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("the start page does not lead to /ban, or is of one visitor (%s): %s", start.Header.Get("Cache-Control"), text)
	}
	for _, tt := range []struct {
		path   string
		change func()
		want   []string
	}{
		{"/ban", func() {}, []string{"&lt;b&gt;spam", "2026-12-01 13:00 UTC", "A rule of this site", `href="/appeal"`}},
		{"/ban?lang=de", func() { notice.By = "person" }, []string{"Einem Menschen", `href="/appeal?lang=de"`}},
		{"/ban", func() { notice = web.BanNotice{By: "list"} }, []string{"None was given", "Never: the ban is permanent", "A list of addresses"}},
		{"/ban", func() { banned, notice = false, web.BanNotice{} }, []string{"is not banned"}},
	} {
		tt.change()
		resp := do(site, http.MethodGet, tt.path)
		text := body(t, resp)
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q: %s", tt.path, want, text)
			}
		}
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("ETag") != "" {
			t.Errorf("%s: %d, %v", tt.path, resp.StatusCode, resp.Header)
		}
	}
}

func TestBanChecksArePaced(t *testing.T) {
	var wait time.Duration
	site := newSite(t, web.Options{Wait: func(*http.Request) time.Duration { return wait }})
	for _, test := range []struct {
		wait   time.Duration
		status int
		after  string
	}{{0, 200, ""}, {1, 429, "1"}, {61500 * time.Millisecond, 429, "62"}} {
		wait = test.wait
		resp := do(site, http.MethodGet, "/api/ban")
		if resp.StatusCode != test.status || resp.Header.Get("Retry-After") != test.after || resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("to wait %v: status %d, headers %v", test.wait, resp.StatusCode, resp.Header)
		}
		if resp := do(site, http.MethodGet, "/api/online"); resp.StatusCode != http.StatusOK {
			t.Errorf("/api/online: %d", resp.StatusCode)
		}
	}
}

func TestHealth(t *testing.T) {
	var sick error
	lacks := ""
	site := newSite(t, web.Options{Ready: func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("readiness is asked without a deadline")
		}
		return sick
	}, Lacks: func() string { return lacks }})
	check := func(path string, status int, want string) {
		t.Helper()
		resp := do(site, http.MethodGet, path)
		if got := body(t, resp); resp.StatusCode != status || got != want {
			t.Errorf("%s: %d %q, want %d %q", path, resp.StatusCode, got, status, want)
		}
	}
	check("/healthz", 200, "ok\n")
	check("/readyz", 200, "ok\n")
	lacks = "redis is down"
	check("/healthz", 200, "ok\n")
	check("/readyz", 200, "ok\nredis is down\n")
	sick = errors.New("ban store is closed")
	check("/healthz", 200, "ok\n")
	check("/readyz", 503, "not ready: ban store is closed\n")
}
