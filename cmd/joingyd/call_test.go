package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtp"
	pion "github.com/pion/turn/v4"
	"github.com/pion/webrtc/v4"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/ident"
)

const patienceOfTests = 30 * time.Second // for events; nothing asserts a duration

// startDaemon runs a whole daemon on loopback ports of its own until the test
// ends, which must be clean.
func startDaemon(t *testing.T, change func(*config.Config)) *daemon {
	t.Helper()
	d, _ := startDaemonToStop(t, change)
	return d
}

// startDaemonToStop is startDaemon for a daemon that may end before the test does.
func startDaemonToStop(t *testing.T, change func(*config.Config)) (_ *daemon, stop func()) {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.HTTP.Listen, cfg.TURN.Listen = "127.0.0.1:0", []string{"127.0.0.1:0"}
	cfg.Moderation.BrowserClassifier = false // which is there or not: see packaging/parts
	if change != nil {
		change(&cfg)
	}
	d, err := newDaemon(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("daemon ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return d, stop
}

// serverMessage is what these tests look at in a server's message.
type serverMessage struct {
	Type, Session, Resume, Receipt, Pair, Role, ID, Body, Reason, Code, Detail, Do, Of, Token string

	Lines int
	Look  map[string]map[string]float64

	Seq uint64
	ICE struct {
		Servers []struct {
			URLs                 []string
			Username, Credential string
		}
	}
	Description *webrtc.SessionDescription
	Candidate   *webrtc.ICECandidateInit
}

// caller is a visitor: a WebSocket and, in a video chat, a peer connection.
type caller struct {
	t       *testing.T
	d       *daemon
	from    string // address that the WebSocket comes from
	conn    *websocket.Conn
	welcome serverMessage
	pair    string
	seen    uint64
	peer    *webrtc.PeerConnection
}

func newCaller(t *testing.T, d *daemon, from string) *caller {
	t.Helper()
	c := &caller{t: t, d: d, from: from}
	c.connect(`{"type":"hello","consent":{"policy":"` + d.cfg.Site.Policy + `","adult":true}}`)
	return c
}

// connect opens a socket, says hello and reads up to the welcome.
func (c *caller) connect(hello string) {
	c.t.Helper()
	conn, _, err := dialWS(c.t.Context(), c.d, c.from)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.CloseNow() })
	c.conn = conn
	c.send(hello)
	c.welcome = c.expect("welcome")
}

func dialWS(ctx context.Context, d *daemon, from string) (*websocket.Conn, *http.Response, error) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	host := d.httpListener.Addr().String()
	return websocket.Dial(ctx, "ws://"+host+"/ws", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}},
		HTTPHeader:   http.Header{"Origin": {"http://" + host}},
		Subprotocols: []string{"joingy.v1"},
	})
}

func (c *caller) send(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

func (c *caller) sendJSON(message map[string]any) {
	c.t.Helper()
	data, err := json.Marshal(message)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(string(data))
}

// expect reads up to the next message of the type. On the way it does what a
// browser does with signalling.
func (c *caller) expect(kind string) serverMessage {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patienceOfTests)
	defer cancel()
	for {
		_, data, err := c.conn.Read(ctx)
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", kind, err)
		}
		var m serverMessage
		if err := json.Unmarshal(data, &m); err != nil {
			c.t.Fatalf("%s: %v", data, err)
		}
		if strings.Contains(string(data), "127.0.0.") && m.Type != "welcome" && c.d.cfg.TURN.Relay == "masked" {
			c.t.Errorf("an address came through: %s", data)
		}
		c.seen = m.Seq
		c.signal(m)
		if m.Type == kind {
			return m
		}
	}
}

func (c *caller) signal(m serverMessage) {
	c.t.Helper()
	switch {
	case m.Description != nil && m.Description.Type == webrtc.SDPTypeOffer:
		if err := c.peer.SetRemoteDescription(*m.Description); err != nil {
			c.t.Fatal(err)
		}
		answer, err := c.peer.CreateAnswer(nil)
		c.describe(answer, err)
	case m.Description != nil:
		if err := c.peer.SetRemoteDescription(*m.Description); err != nil {
			c.t.Fatal(err)
		}
	case m.Type == "candidate" && m.Candidate != nil:
		if err := c.peer.AddICECandidate(*m.Candidate); err != nil {
			c.t.Fatal(err)
		}
	}
}

// describe sends a description with all its candidates.
func (c *caller) describe(description webrtc.SessionDescription, err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(c.peer)
	if err := c.peer.SetLocalDescription(description); err != nil {
		c.t.Fatal(err)
	}
	<-gathered
	c.sendJSON(map[string]any{"type": "description", "pair": c.pair, "description": c.peer.LocalDescription()})
}

// openPeer makes the relay-only peer connection with one track to send.
func (c *caller) openPeer() *webrtc.TrackLocalStaticRTP {
	c.t.Helper()
	var servers []webrtc.ICEServer
	for _, s := range c.welcome.ICE.Servers {
		servers = append(servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	peer, err := webrtc.NewPeerConnection(webrtc.Configuration{ICEServers: servers, ICETransportPolicy: webrtc.ICETransportPolicyRelay})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { peer.Close() })
	c.peer = peer
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "camera")
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := peer.AddTrack(track); err != nil {
		c.t.Fatal(err)
	}
	return track
}

// meet pairs two callers in a mode.
func meet(t *testing.T, a, b *caller, mode string) {
	t.Helper()
	find := `{"type":"find","mode":"` + mode + `","interests":["testing"]}`
	a.send(find)
	a.expect("waiting")
	b.send(find)
	a.pair, b.pair = a.expect("matched").Pair, b.expect("matched").Pair
	if a.pair != b.pair {
		t.Fatalf("pairs %s and %s", a.pair, b.pair)
	}
}

// call lets a offer, b answer, and RTP flow from a to b.
func call(t *testing.T, a, b *caller) {
	t.Helper()
	received := make(chan string, 1)
	track := a.openPeer()
	b.openPeer()
	b.peer.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		packet, _, err := remote.ReadRTP()
		if err != nil {
			return
		}
		received <- string(packet.Payload)
	})
	connected := make(chan struct{})
	a.peer.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	a.describe(a.peer.CreateOffer(nil))
	b.expect("description")
	a.expect("description")
	await(t, connected, "connection")

	stop := make(chan struct{})
	sent := make(chan struct{})
	go func() { // until one arrives: the first ones may come before b is ready
		defer close(sent)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for n := uint16(0); ; n++ {
			select {
			case <-stop:
				return
			case <-ticker.C:
				packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 3000}, Payload: []byte("\x10\x00\x00hello")}
				if err := track.WriteRTP(packet); err != nil {
					return
				}
			}
		}
	}()
	payload := await(t, received, "RTP packet")
	close(stop)
	<-sent
	if !strings.HasSuffix(payload, "hello") {
		t.Errorf("payload = %q", payload)
	}
	for _, c := range []*caller{a, b} {
		pair, err := c.peer.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil || pair.Local.Typ != webrtc.ICECandidateTypeRelay || pair.Remote.Typ != webrtc.ICECandidateTypeRelay {
			t.Errorf("selected pair = %v, %v; want relay on both sides", pair, err)
		}
	}
}

// await returns what comes from events, within the tests' patience.
func await[T any](t *testing.T, events <-chan T, what string) (event T) {
	t.Helper()
	select {
	case event = <-events:
	case <-time.After(patienceOfTests):
		t.Fatalf("no %s", what)
	}
	return event
}

func TestCall(t *testing.T) {
	for _, test := range []struct{ relay, transport string }{
		{"masked", "udp"}, {"masked", "tcp"}, {"masked", "tls"}, {"masked", "dtls"}, {"open", "udp"}, {"open", "tcp"}, {"open", "tls"}, {"open", "dtls"},
	} {
		t.Run(test.relay+"-"+test.transport, func(t *testing.T) {
			t.Parallel() // most of a call is waiting
			d := startDaemon(t, func(c *config.Config) {
				switch test.transport {
				case "udp", "tcp":
					c.TURN.Transports = []string{test.transport}
				default:
					c.TURN.Listen, c.TURN.TLSListen = nil, []string{"127.0.0.1:0"}
					c.TLS.CertFile, c.TLS.KeyFile = testCertificate, testCertificate
				}
				if c.TURN.Relay = test.relay; test.relay == "open" {
					c.TURN.RelayAddresses = []string{"127.0.0.1"}
				}
			})
			a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
			if test.transport == "dtls" { // which no browser speaks, and no welcome names
				for _, c := range []*caller{a, b} {
					c.welcome.ICE.Servers[0].URLs = []string{"turns:" + addrOf(t, d, "dtls") + "?transport=udp"}
				}
			}
			meet(t, a, b, "video")
			call(t, a, b)

			a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "hello"})
			if m := b.expect("text"); m.Body != "hello" {
				t.Errorf("text = %+v", m)
			}
			if m := a.expect("sent"); m.ID != "1" {
				t.Errorf("sent = %+v", m)
			}

			// The socket drops; session, pair and call go on.
			session := a.welcome.Session
			a.conn.CloseNow()
			b.sendJSON(map[string]any{"type": "text", "pair": b.pair, "id": "2", "body": "still there?"})
			b.expect("sent")
			a.resume()
			if a.welcome.Session != session {
				t.Error("resumed as another session")
			}
			if state := a.peer.ConnectionState(); state != webrtc.PeerConnectionStateConnected {
				t.Errorf("call is %v after the resume", state)
			}

			b.send(`{"type":"leave"}`)
			if m := a.expect("left"); m.Reason != "left" || m.Pair != a.pair {
				t.Errorf("left = %+v", m)
			}
		})
	}
}

// addrOf returns where the relay listens for the transport.
func addrOf(t *testing.T, d *daemon, transport string) string {
	t.Helper()
	for _, addr := range d.relay.Addrs() {
		if addr.Transport == transport {
			return addr.AddrPort.String()
		}
	}
	t.Fatalf("no socket for %s", transport)
	return ""
}

// allocateAt makes an allocation of a relay over UDP, and ends it.
func allocateAt(t *testing.T, server, user, password string) error {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c, err := pion.NewClient(&pion.ClientConfig{TURNServerAddr: server, Conn: conn, Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := c.Allocate()
	if err != nil {
		return err
	}
	return relayed.Close()
}

// resume opens a new socket for the session. The text that waited comes first.
func (c *caller) resume() {
	c.t.Helper()
	conn, _, err := dialWS(c.t.Context(), c.d, c.from)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.CloseNow() })
	c.conn = conn
	c.send(fmt.Sprintf(`{"type":"hello","resume":%q,"ack":%d}`, c.welcome.Resume, c.seen))
	if m := c.expect("text"); m.Body != "still there?" {
		c.t.Errorf("text = %+v", m)
	}
	c.welcome = c.expect("welcome")
}

func TestR5BanEndsTheCall(t *testing.T) {
	d := startDaemon(t, nil)
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "video")
	call(t, a, b)
	client, err := admin.Connect(t.Context(), d.adminPath)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	result, err := client.Ban(t.Context(), admin.BanRequest{Target: "127.0.0.2", Reason: "testing", Force: true})
	if err != nil || result.EndedSessions != 1 {
		t.Fatalf("Ban = %+v, %v", result, err)
	}
	if n := len(d.relay.ClientAddrs(mustParse(t, a.welcome.Session))); n != 0 {
		t.Error("the relay of a banned session is alive when the ban is answered")
	}
	if m := a.expect("banned"); m.Reason != "testing" {
		t.Errorf("banned = %+v", m)
	}
	if _, _, err := a.conn.Read(t.Context()); websocket.CloseStatus(err) != 4503 {
		t.Errorf("socket ended with %v", err)
	}
	t.Logf("figure: %d ms from the command to relay dead, ban told and socket closed", time.Since(began).Milliseconds())
	if m := b.expect("left"); m.Reason != "banned" {
		t.Errorf("left = %+v", m)
	}
	_, response, err := dialWS(t.Context(), d, "127.0.0.2")
	if err == nil || response.StatusCode != http.StatusForbidden {
		t.Fatalf("the banned address connected: %v", err)
	}
	if body, _ := io.ReadAll(response.Body); !strings.Contains(string(body), `"code":"banned"`) || !strings.Contains(string(body), "testing") {
		t.Errorf("403 says %s", body)
	}
	if status, body := get(t, d, "127.0.0.2", "/api/ban"); status != 200 || !strings.Contains(body, "testing") {
		t.Errorf("/api/ban: %d %s", status, body)
	}
	if status, _ := get(t, d, "127.0.0.2", "/rules"); status != 200 {
		t.Errorf("/rules: %d; a ban must not block pages", status)
	}
	if _, err := client.Unban(t.Context(), admin.UnbanRequest{Target: "127.0.0.2"}); err != nil {
		t.Fatal(err)
	}
	newCaller(t, d, "127.0.0.2")
}

// get fetches a path from an address of its own.
func get(t *testing.T, d *daemon, from, path string) (status int, body string) {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	response, err := client.Get("http://" + d.httpListener.Addr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

func mustParse(t *testing.T, text string) ident.Session {
	t.Helper()
	id, err := ident.ParseSession(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSeveralListeners(t *testing.T) {
	file := filepath.Join(t.TempDir(), "both.pem")
	if _, err := cert.SelfSigned(file, nil); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) {
		c.TURN.Listen = []string{"127.0.0.1:0", "[::1]:0"}
		c.TURN.TLSListen = []string{"127.0.0.1:0", "[::1]:0"}
		c.TLS.CertFile, c.TLS.KeyFile = file, file
	})
	counts := make(map[string]int)
	for _, addr := range d.relay.Addrs() {
		counts[addr.Transport]++
	}
	for _, transport := range []string{"udp", "tcp", "tls", "dtls"} {
		if counts[transport] != 2 {
			t.Errorf("%d sockets for %s, want 2", counts[transport], transport)
		}
	}
	if urls := d.iceURLs("chat.test:8080"); len(urls) != 6 { // no browser speaks DTLS
		t.Errorf("ICE URLs: %q", urls)
	}
	if err := d.relay.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}
