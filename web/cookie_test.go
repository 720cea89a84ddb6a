package web_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"testing"

	"github.com/joingyd/joingyd/web"
)

// everything lists what a site serves: pages, assets, answers for scripts, and what
// is not there. Asset URLs are those that the pages name.
func everything(t *testing.T, site http.Handler) []string {
	t.Helper()
	paths := append([]string{"/static/site.css", "/static/js/page.js", "/static/none", "/api/online", "/api/ban", "/healthz", "/readyz", "/none", "//about"}, pagePaths...)
	for _, m := range regexp.MustCompile(`(?:src|href)="(/[^"]*)"`).FindAllStringSubmatch(body(t, do(site, http.MethodGet, "/")), -1) {
		if !slices.Contains(paths, m[1]) {
			paths = append(paths, m[1])
		}
	}
	return paths
}

// By default no answer sets a cookie.
func TestNoCookie(t *testing.T) {
	site := newSite(t, web.Options{})
	paths := everything(t, site)
	if len(paths) < 22 {
		t.Fatalf("only %d paths found", len(paths))
	}
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			for _, header := range [][]string{nil, {"Cookie", "joingyd_node=a; other=b"}} {
				if got := do(site, method, path, header...).Header.Values("Set-Cookie"); len(got) > 0 {
					t.Errorf("%s %s with %q sets %q", method, path, header, got)
				}
			}
		}
	}
}

func TestNodeCookie(t *testing.T) {
	const plain = "joingyd_node=node-1; Path=/; HttpOnly; SameSite=Strict"
	const secure = "__Host-joingyd_node=node-1; Path=/; HttpOnly; Secure; SameSite=Strict"
	byHeader := func(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") == "https" }
	for _, test := range []struct {
		name   string
		secure func(*http.Request) bool
		tls    bool
		header []string
		want   string
	}{
		{"plain", nil, false, nil, plain},
		{"header without a proxy", nil, false, []string{"X-Forwarded-Proto", "https"}, plain},
		{"TLS", nil, true, nil, secure},
		{"proxy", byHeader, false, []string{"X-Forwarded-Proto", "https"}, secure},
		{"had", nil, false, []string{"Cookie", "joingyd_node=node-1"}, ""},
		{"had over TLS", nil, true, []string{"Cookie", "a=b; __Host-joingyd_node=node-1"}, ""},
		{"had without its prefix", nil, true, []string{"Cookie", "joingyd_node=node-1"}, secure},
		{"another node's", nil, false, []string{"Cookie", "joingyd_node=node-2"}, plain},
	} {
		t.Run(test.name, func(t *testing.T) {
			site := newSite(t, web.Options{Node: &web.NodeCookie{Value: "node-1", Secure: test.secure}})
			for path, set := range map[string]bool{"/": true, "/privacy": true, "/none": true, "/static/site.css": false, "/api/online": false} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				for i := 0; i < len(test.header); i += 2 {
					r.Header.Set(test.header[i], test.header[i+1])
				}
				if test.tls {
					r.TLS = &tls.ConnectionState{}
				}
				w := httptest.NewRecorder()
				site.ServeHTTP(w, r)
				want := []string{test.want}
				if !set || test.want == "" {
					want = nil
				}
				if got := w.Header().Values("Set-Cookie"); !slices.Equal(got, want) {
					t.Errorf("%s sets %q, want %q", path, got, want)
				}
			}
		})
	}
}
