package front_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/joingyd/joingyd/front"
)

func TestSecure(t *testing.T) {
	const proxy, stranger = "127.0.0.1:5", "203.0.113.9:5"
	for _, tt := range []struct {
		name, peer, header string
		tls                bool
		lines              http.Header
		want               bool
	}{
		{"plain", stranger, "", false, nil, false},
		{"TLS", stranger, "", true, nil, true},
		{"a stranger's word", stranger, "", false, http.Header{"X-Forwarded-Proto": {"https"}}, false},
		{"a proxy's word", proxy, "", false, http.Header{"X-Forwarded-Proto": {"https"}}, true},
		{"in capitals", proxy, front.XForwardedFor, false, http.Header{"X-Forwarded-Proto": {" HTTPS "}}, true},
		{"the proxy says http", proxy, "", false, http.Header{"X-Forwarded-Proto": {"https, http"}}, false},
		{"its client said http", proxy, "", false, http.Header{"X-Forwarded-Proto": {"http", "https"}}, true},
		{"the other header", proxy, "", false, http.Header{"Forwarded": {"proto=https"}}, false},
		{"Forwarded", proxy, front.Forwarded, false, http.Header{"Forwarded": {`for="[2001:db8::1]:1";proto=https`}}, true},
		{"Forwarded, quoted", proxy, front.Forwarded, false, http.Header{"Forwarded": {`proto=http, for=192.0.2.1;Proto="https"`}}, true},
		{"Forwarded, http last", proxy, front.Forwarded, false, http.Header{"Forwarded": {"proto=https", "for=192.0.2.1;proto=http"}}, false},
		{"Forwarded, twice", proxy, front.Forwarded, false, http.Header{"Forwarded": {"proto=https;proto=https"}}, false},
		{"Forwarded, X-", proxy, front.Forwarded, false, http.Header{"X-Forwarded-Proto": {"https"}}, false},
		{"no address", "@", "", false, http.Header{"X-Forwarded-Proto": {"https"}}, false},
	} {
		c := &front.ClientAddr{Trusted: proxies, Header: tt.header}
		r := &http.Request{RemoteAddr: tt.peer, Header: tt.lines}
		if tt.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := c.Secure(r); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
