package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/pion/logging"
	"github.com/pion/turn/v4"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/front"
)

const proxyAddr = "127.0.0.100" // from where the proxy of these tests connects

// visitorHeader tells that proxy what its visitor's address is; the daemon never
// sees it.
const visitorHeader = "Test-Visitor"

// startProxy runs a reverse proxy before the daemon that appends its visitor to
// the header, as nginx does, and leaves all else alone. It returns its address.
func startProxy(t *testing.T, d *daemon, header string) string {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: d.httpListener.Addr().String()}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(proxyAddr)}}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Transport: &http.Transport{DialContext: dialer.DialContext},
		ErrorLog:  log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				r.Out.Header[name] = r.In.Header[name] // Rewrite has taken them away
			}
			visitor := r.In.Header.Get(visitorHeader)
			r.Out.Header.Del(visitorHeader)
			if header == front.Forwarded {
				visitor = fmt.Sprintf("for=%q;proto=https", visitor)
			}
			before := r.In.Header.Values(header)
			r.Out.Header.Set(header, strings.Join(append(before[:len(before):len(before)], visitor), ", "))
		},
	})
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}

// knock asks at host for a WebSocket and about a ban. It returns what it got: the
// socket is nil if that was refused as banned.
func knock(t *testing.T, from, host string, header http.Header) (conn *websocket.Conn, banned bool) {
	t.Helper()
	header = header.Clone()
	header.Set("Origin", "http://"+host)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	web := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	conn, response, err := websocket.Dial(t.Context(), "ws://"+host+"/ws", &websocket.DialOptions{
		HTTPClient: web, HTTPHeader: header, Subprotocols: []string{"joingy.v1"},
	})
	if err == nil {
		t.Cleanup(func() { conn.CloseNow() })
	} else if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusForbidden || !strings.Contains(string(body), `"code":"banned"`) {
		t.Errorf("%v: /ws answers %d %s", header, response.StatusCode, body)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/api/ban", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err = web.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("/api/ban: %d, %v", response.StatusCode, err)
	}
	return conn, strings.Contains(string(body), `"banned":true`)
}

// claims are headers that a banned visitor may come back with.
func claims() (list []http.Header) {
	add := func(name string, lines ...string) { list = append(list, http.Header{name: lines}) }
	add("X-Nothing")
	add("Cookie", "session=new; visitor=another")
	add("User-Agent", "Another Browser/1.0")
	for _, name := range []string{"X-Real-Ip", "Client-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Cluster-Client-Ip", "Via", "X-Forwarded", "Forwarded-For"} {
		add(name, "198.51.100.9")
	}
	for _, line := range []string{
		"", " ", ",", ",,", "198.51.100.9", "198.51.100.9, 198.51.100.10", "198.51.100.9,", proxyAddr, "198.51.100.9, " + proxyAddr,
		"unknown", "_hidden", "\"", "\"198.51.100.9", "\\", "198.51.100.9\\", "[", "[2001:db8::1", "::1", "127.0.0.1", "localhost", "garbage;;==",
		"::ffff:198.51.100.9", "fe80::1%eth0", "2001:db8:9::1", strings.Repeat("198.51.100.9, ", 500) + "198.51.100.9", strings.Repeat(proxyAddr+",", 500),
	} {
		add("X-Forwarded-For", line)
		add("Forwarded", line)
	}
	for _, line := range []string{
		"for=198.51.100.9", "for=198.51.100.9;by=" + proxyAddr, `for="[2001:db8:9::1]:80"`, `for="`, `for="198.51.100.9`, `for="\`, "for=unknown", "for=_x",
		"for=198.51.100.9, for=" + proxyAddr, `by="a, for=198.51.100.9`, "for",
	} {
		add("Forwarded", line)
	}
	add("X-Forwarded-For", "198.51.100.9", proxyAddr)
	add("X-Forwarded-For", "198.51.100.9", "")
	add("Forwarded", "for=198.51.100.9", `for="`)
	list = append(list, http.Header{"X-Forwarded-For": {"198.51.100.9"}, "Forwarded": {"for=198.51.100.9"}, "X-Real-Ip": {"198.51.100.9"}, "Cookie": {"a=b"}})
	return list
}

// allocateFrom asks the relay for an allocation with the credentials of a welcome.
func allocateFrom(t *testing.T, d *daemon, network, from string, welcome serverMessage) error {
	t.Helper()
	var conn net.PacketConn
	if server := addrOf(t, d, network); network == "udp" {
		udp, err := net.ListenPacket("udp", from+":0")
		if err != nil {
			t.Fatal(err)
		}
		conn = udp
	} else {
		tcp, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(t.Context(), "tcp", server)
		if err != nil {
			t.Fatal(err)
		}
		conn = turn.NewSTUNConn(tcp)
	}
	defer conn.Close()
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	ice := welcome.ICE.Servers[0]
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: addrOf(t, d, network), TURNServerAddr: addrOf(t, d, network), Conn: conn,
		Username: ice.Username, Password: ice.Credential, Realm: "joingyd", LoggerFactory: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := client.Allocate()
	if err == nil {
		err = relayed.Close()
	}
	return err
}

func TestW6BanEvasion(t *testing.T) {
	attempts, evasions := 0, 0
	for _, header := range []string{front.XForwardedFor, front.Forwarded} {
		t.Run(header, func(t *testing.T) {
			d := startDaemon(t, func(c *config.Config) {
				c.HTTP.TrustedProxies, c.HTTP.ForwardedHeader = []string{proxyAddr}, header
				c.Match.PerAddress = 1000 // it is the ban that refuses, and no limit
			})
			direct, proxy := d.httpListener.Addr().String(), startProxy(t, d, header)
			ban, err := admin.Connect(t.Context(), d.adminPath)
			if err != nil {
				t.Fatal(err)
			}
			// Each comes in, is thrown out, and comes back.
			var welcome serverMessage // the last one's
			hello := `{"type":"hello","consent":{"policy":"` + d.cfg.Site.Policy + `","adult":true}}`
			visit := func(from, host, visitor string) *websocket.Conn {
				conn, banned := knock(t, from, host, http.Header{visitorHeader: {visitor}})
				if conn == nil || banned {
					t.Fatalf("%s %s was refused", from, visitor)
				}
				c := &caller{t: t, d: d, conn: conn}
				c.send(hello)
				welcome = c.expect("welcome")
				return conn
			}
			inside := map[string]*websocket.Conn{
				"127.0.0.2":         visit("127.0.0.2", direct, ""),
				"203.0.113.7":       visit("127.0.0.3", proxy, "203.0.113.7"),
				"2001:db8:1:2::abc": visit("127.0.0.3", proxy, "[2001:db8:1:2::abc]:4711"),
			}
			neighbours := []*websocket.Conn{visit("127.0.0.4", direct, ""), visit("127.0.0.3", proxy, "203.0.113.8"), visit("127.0.0.3", proxy, "2001:db8:1:3::abc")}
			var early []*websocket.Conn // open before the ban, and saying nothing yet
			for from, visitor := range map[string]string{"127.0.0.2": "", "127.0.0.3": "203.0.113.7", "127.0.0.5": "2001:db8:1:2::9"} {
				host := proxy
				if visitor == "" {
					host = direct
				}
				conn, _ := knock(t, from, host, http.Header{visitorHeader: {visitor}})
				early = append(early, conn)
			}
			for target, conn := range inside {
				result, err := ban.Ban(t.Context(), admin.BanRequest{Target: target, Reason: "testing", Force: true})
				if err != nil || result.EndedSessions != 1 {
					t.Fatalf("ban %s: %+v, %v", target, result, err)
				}
				for err == nil {
					_, _, err = conn.Read(t.Context())
				}
				if websocket.CloseStatus(err) != 4503 {
					t.Errorf("%s: %v", target, err)
				}
			}
			attempt := func(from, host, visitor string, claim http.Header) {
				t.Helper()
				claim = claim.Clone()
				if visitor != "" {
					claim.Set(visitorHeader, visitor)
				}
				attempts++
				if conn, banned := knock(t, from, host, claim); conn != nil || !banned {
					evasions++
					t.Errorf("%s %s came back with %.100v: WebSocket %v, /api/ban %v", from, visitor, claim, conn != nil, banned)
				}
			}
			for _, conn := range early {
				attempts++
				conn.Write(t.Context(), websocket.MessageText, []byte(hello)) //nolint:errcheck // it is being closed
				if _, data, err := conn.Read(t.Context()); websocket.CloseStatus(err) != 4503 {
					evasions++
					t.Errorf("a socket of before the ban got %s, %v", data, err)
				}
			}
			for _, network := range []string{"udp", "tcp"} { // with a neighbour's credentials
				attempts++
				if err := allocateFrom(t, d, network, "127.0.0.2", welcome); err == nil {
					evasions++
					t.Errorf("an allocation over %s from a banned address", network)
				}
				if err := allocateFrom(t, d, network, "127.0.0.4", welcome); err != nil {
					t.Errorf("no allocation over %s for the neighbour: %v", network, err)
				}
			}
			for _, claim := range claims() {
				attempt("127.0.0.2", direct, "", claim)
				attempt("127.0.0.3", proxy, "203.0.113.7", claim)
				attempt("127.0.0.3", proxy, "[2001:db8:1:2::1]:443", claim)
			}
			for n := range 64 { // other addresses of the /64, however the proxy writes them
				attempt("127.0.0.3", proxy, fmt.Sprintf("2001:db8:1:2:%x:%x::%x", n*977, n*31, n), http.Header{})
			}
			for _, written := range []string{"203.0.113.7:1", "::ffff:203.0.113.7", "[::ffff:203.0.113.7]:443", "[::ffff:cb00:7107]", "2001:DB8:1:2:0:0:0:1", "[2001:db8:1:2::9%eth0]:1"} {
				attempt("127.0.0.3", proxy, written, http.Header{})
			}
			// Who was not banned is let in, whatever it claims, and was left alone.
			for _, claim := range []http.Header{{}, {"X-Forwarded-For": {"203.0.113.7"}, "Forwarded": {"for=203.0.113.7"}}, {header: {`for="`}}} {
				for visitor, host := range map[string]string{"": direct, "203.0.113.8": proxy, "2001:db8:1:3::1": proxy} {
					claim := claim.Clone()
					claim.Set(visitorHeader, visitor)
					if conn, banned := knock(t, "127.0.0.4", host, claim); conn == nil || banned {
						t.Errorf("a neighbour %s with %v is refused", visitor, claim)
					}
				}
			}
			for _, conn := range neighbours {
				if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"leave"}`)); err != nil {
					t.Errorf("a neighbour's session: %v", err)
				}
			}
			if n := d.hub.Online(); n != len(neighbours) {
				t.Errorf("%d online, want %d", n, len(neighbours))
			}
		})
	}
	t.Logf("figure: %d evasions in %d attempts", evasions, attempts)
}

// Whether it is banned an address may ask as often as it may open the WebSocket, here
// 32 times at once.
func TestBanChecksArePaced(t *testing.T) {
	d := startDaemon(t, func(c *config.Config) { c.Match.PerAddress = 8 })
	for n := range 32 {
		if status, body := get(t, d, "127.0.0.2", "/api/ban"); status != http.StatusOK {
			t.Fatalf("check %d: %d %s", n+1, status, body)
		}
	}
	if status, _ := get(t, d, "127.0.0.2", "/api/ban"); status != http.StatusTooManyRequests {
		t.Errorf("check 33: %d", status)
	}
	if status, _ := get(t, d, "127.0.0.3", "/api/ban"); status != http.StatusOK {
		t.Errorf("of another address: %d", status)
	}
	newCaller(t, d, "127.0.0.2")
}
