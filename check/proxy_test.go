package check_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/joingyd/joingyd/check"
)

// proxy stands a reverse proxy before a site.
func proxy(t *testing.T, s *site, rewrite func(*httputil.ProxyRequest), wrap func(http.Handler) http.Handler) string {
	t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		if rewrite != nil {
			rewrite(r)
		}
	}}
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func keepHost(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host }

func TestGoodProxy(t *testing.T) {
	s := newSite(t, setup{})
	failures(t, run(t, proxy(t, s, keepHost, nil), nil))
	s.leftAlone(t)
}

func TestProxyChangesHost(t *testing.T) {
	r := run(t, proxy(t, newSite(t, setup{}), nil, nil), nil)
	failures(t, r, "websocket")
	expect(t, r, "websocket", check.Failed, "403 Forbidden: this page's origin", "changes the Host header")
}

func TestProxyWithoutUpgrade(t *testing.T) {
	r := run(t, proxy(t, newSite(t, setup{}), keepHost, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Upgrade")
			r.Header.Del("Connection")
			next.ServeHTTP(w, r)
		})
	}), nil)
	failures(t, r, "websocket")
	expect(t, r, "websocket", check.Failed, "426 Upgrade Required", "proxy_set_header Upgrade")
	expect(t, r, "ice", check.Skipped, "needs websocket", "")
}

func TestProxyAlone(t *testing.T) {
	s := newSite(t, setup{})
	front := proxy(t, s, keepHost, nil)
	s.Close()
	r := run(t, front, nil)
	failures(t, r, "http")
	expect(t, r, "http", check.Failed, "502", "does not reach joingyd behind it")
}

// What may stand where /ws should be.
func TestWhoRefusesTheWebSocket(t *testing.T) {
	tests := []struct {
		status       int
		body, remedy string
	}{
		{http.StatusForbidden, "Forbidden by administrative rules", "Something before joingyd"},
		{http.StatusBadGateway, "bad gateway", "does not reach joingyd behind it"},
		{http.StatusServiceUnavailable, "server going away", "The daemon is ending"},
		{http.StatusServiceUnavailable, "the site is full; come again later", "match.sessions allows"},
		{http.StatusTooManyRequests, "too many", "match.sessions_per_address"},
		{http.StatusNotFound, "not here", "does not pass WebSockets on"},
		{http.StatusOK, "<!doctype html>", "does not pass WebSockets on"},
	}
	for _, tt := range tests {
		s := newSite(t, setup{wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/ws" {
					http.Error(w, tt.body, tt.status)
					return
				}
				next.ServeHTTP(w, r)
			})
		}})
		r := run(t, s.URL, nil)
		failures(t, r, "websocket")
		expect(t, r, "websocket", check.Failed, tt.body, tt.remedy)
	}
}

func TestSomethingElseAnswers(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	r := run(t, server.URL, nil)
	failures(t, r, "http")
	expect(t, r, "http", check.Failed, "404", "Something else than joingyd answers")
}

func TestRedirect(t *testing.T) {
	s := newSite(t, setup{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+r.URL.Path, http.StatusMovedPermanently)
	}))
	defer server.Close()
	r := run(t, server.URL, nil)
	failures(t, r)
	if r.Target != s.URL {
		t.Errorf("target = %s, want %s", r.Target, s.URL)
	}
}
