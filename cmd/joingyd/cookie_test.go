package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
)

// answersOf asks a daemon for a page, a script, an answer, and a WebSocket: one that
// is refused and one that is opened.
func answersOf(t *testing.T, d *daemon, header http.Header) map[string]*http.Response {
	t.Helper()
	answers := map[string]*http.Response{}
	host := d.httpListener.Addr().String()
	for _, path := range []string{"/", "/privacy", "/none", "/static/js/page.js", "/api/online", "/api/ban", "/ws"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header.Clone()
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		answers[path] = resp
	}
	header = header.Clone()
	header.Set("Origin", "http://"+host)
	conn, resp, err := websocket.Dial(t.Context(), "ws://"+host+"/ws", &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{match.Subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	conn.CloseNow()
	answers["an open /ws"] = resp
	return answers
}

// No cookie by default; with site.node_cookie one, with pages and the WebSocket.
func TestCookies(t *testing.T) {
	for what, answer := range answersOf(t, startDaemon(t, nil), http.Header{}) {
		if got := answer.Header.Values("Set-Cookie"); len(got) > 0 {
			t.Errorf("%s sets %q", what, got)
		}
	}
	d := startDaemon(t, func(c *config.Config) {
		c.Site.NodeCookie, c.HTTP.TrustedProxies = "node-1", []string{"127.0.0.1"}
	})
	for proto, cookie := range map[string]string{
		"http":  "joingyd_node=node-1; Path=/; HttpOnly; SameSite=Strict",
		"https": "__Host-joingyd_node=node-1; Path=/; HttpOnly; Secure; SameSite=Strict",
	} {
		for what, answer := range answersOf(t, d, http.Header{"X-Forwarded-Proto": {proto}}) {
			want := []string{cookie}
			if strings.HasPrefix(what, "/static/") || strings.HasPrefix(what, "/api/") {
				want = nil
			}
			if got := answer.Header.Values("Set-Cookie"); !slices.Equal(got, want) {
				t.Errorf("%s over %s sets %q, want %q", what, proto, got, want)
			}
		}
	}
}
