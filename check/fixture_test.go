package check_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/check"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/turn"
	"github.com/joingyd/joingyd/web"
)

// site is a whole site on loopback, put together as cmd/joingyd does it.
type site struct {
	*httptest.Server
	hub   *match.Hub
	relay *turn.Server
}

// setup is what tests change of a site. Its zero value works.
type setup struct {
	transports  []string                          // udp and tcp if nil
	urls        func(relay *turn.Server) []string // ICE URLs; the relay's own if nil
	wrap        func(http.Handler) http.Handler   // what stands before the site
	certificate *tls.Certificate                  // serves https
	ready       func(context.Context) error       //
	ban         func(netip.Addr, match.Use) (match.Ban, bool)
	serve       func(relay *turn.Server) error // further sockets of the relay
	turn        turn.Options                   //
}

type matchRelay struct{ *turn.Server }

func (r matchRelay) Admit(id ident.Session, source netip.Addr) (username, password string, expires time.Time) {
	c := r.Server.Admit(id, source)
	return c.Username, c.Password, c.Expires
}

func (r matchRelay) Part(id ident.Pair) { r.Server.Part(id) }

func newRelay(t *testing.T, s setup) *turn.Server {
	t.Helper()
	relay, err := turn.New(s.turn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { relay.Close() })
	if s.transports == nil {
		s.transports = []string{"udp", "tcp"}
	}
	for _, transport := range s.transports {
		if transport == "udp" {
			err = relay.ServeUDP(listenUDP(t))
		} else {
			err = relay.ServeStream(transport, listenTCP(t))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return relay
}

func newSite(t *testing.T, s setup) *site {
	t.Helper()
	relay := newRelay(t, s)
	if s.serve != nil {
		if err := s.serve(relay); err != nil {
			t.Fatal(err)
		}
	}
	if s.urls == nil {
		s.urls = func(relay *turn.Server) []string { return relay.URLs("127.0.0.1") }
	}
	hub := match.New(match.Options{
		Relay:   matchRelay{relay},
		Banned:  s.ban,
		ICEURLs: func(string) []string { return s.urls(relay) },
		Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Policy:  "v1",
		// A session that outlives its check was not said goodbye to.
		Patience: time.Second, ResumeGrace: time.Hour, HelloTimeout: time.Minute, SessionsPerAddress: 5,
	})
	pages, err := web.New(web.Options{Policy: "v1", Ready: s.ready})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("/ws", hub)
	var handler http.Handler = mux
	if s.wrap != nil {
		handler = s.wrap(handler)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if s.certificate == nil {
		server.Start()
	} else {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{*s.certificate}}
		server.StartTLS()
	}
	t.Cleanup(func() {
		if err := hub.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return &site{server, hub, relay}
}

// run checks a URL. What must work has plenty of time.
func run(t *testing.T, url string, change func(*check.Target)) check.Report {
	t.Helper()
	host, err := check.ParseHost(url)
	if err != nil {
		t.Fatal(err)
	}
	target := check.Target{Host: host, Timeout: 30 * time.Second}
	if change != nil {
		change(&target)
	}
	return check.Run(t.Context(), target)
}

// briefly is for steps that end by their timeout.
func briefly(target *check.Target) { target.Timeout = 2 * time.Second }

func trusting(pool *x509.CertPool) func(*check.Target) {
	return func(target *check.Target) { target.Roots = pool }
}

// expect compares the one step whose name starts so.
func expect(t *testing.T, r check.Report, name string, status check.Status, detail, remedy string) {
	t.Helper()
	at := slices.IndexFunc(r.Steps, func(s check.Step) bool { return s.Name == name || strings.HasPrefix(s.Name, name+" ") })
	if at < 0 {
		t.Errorf("no step %s in %+v", name, r.Steps)
		return
	}
	s := r.Steps[at]
	if s.Status != status || !strings.Contains(s.Detail, detail) || !strings.Contains(s.Remedy, remedy) {
		t.Errorf("%s\n got %s | %s | %s\nwant %s | %s | %s", s.Name, s.Status, s.Detail, s.Remedy, status, detail, remedy)
	}
	if (s.Remedy == "") != (s.Status == check.OK || s.Status == check.Skipped) {
		t.Errorf("%s is %s with the remedy %q", s.Name, s.Status, s.Remedy)
	}
}

// failures expects failures of these steps and of no others.
func failures(t *testing.T, r check.Report, names ...string) {
	t.Helper()
	var got []string
	for _, s := range r.Steps {
		if s.Status == check.Failed {
			name, _, _ := strings.Cut(s.Name, " 127.0.0.1")
			got = append(got, name)
		}
	}
	if !slices.Equal(got, names) || r.OK != (len(names) == 0) {
		t.Errorf("failed: %q, ok: %v; want %q\n%+v", got, r.OK, names, r.Steps)
	}
}

func listenUDP(t *testing.T) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// turnURL is the URL of a socket.
func turnURL(addr net.Addr, transport string) string {
	if transport == "tls" {
		return "turns:" + addr.String() + "?transport=tcp"
	}
	return "turn:" + addr.String() + "?transport=" + transport
}
