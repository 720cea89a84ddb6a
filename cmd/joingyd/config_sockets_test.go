package main

import (
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

func TestPrintSockets(t *testing.T) {
	tests := []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"defaults", func(*config.Config) {}, `127.0.0.1:8080
127.0.0.1:3478
# Not admin.metrics_listen ("127.0.0.1:0"), which the daemon opens itself: any free port.
`},
		{"a site", func(c *config.Config) {
			c.HTTP.Listen, c.TLS.Listen, c.Site.Contact = "localhost:8080", ":443", "a@example.org"
			c.TURN.Listen, c.TURN.TLSListen = []string{"192.0.2.1:3478", "[2001:db8::1]:3478"}, []string{":5349"}
			c.Admin.MetricsListen, c.Admin.Listen, c.Admin.WebListen = "", "127.0.0.1:9479", "127.0.0.1:9480"
		}, `# Not http.listen ("localhost:8080"), which the daemon opens itself: systemd takes addresses, no names.
443
192.0.2.1:3478
[2001:db8::1]:3478
5349
127.0.0.1:9479
127.0.0.1:9480
`},
		{"UDP alone", func(c *config.Config) { c.TURN.Transports, c.Admin.MetricsListen = []string{"udp"}, "" }, "127.0.0.1:8080\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := config.Default()
			tt.change(&c)
			var b strings.Builder
			if err := printSockets(&b, c); err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(b.String(), "[Socket]\nListenStream=\n")
			if got = strings.ReplaceAll(got, "ListenStream=", ""); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}
