package match_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/match"
)

// patienceOfTests is how long a real socket may keep a test waiting, where
// something has to come. Nothing is concluded from less.
const patienceOfTests = 30 * time.Second

// headerTimeout is how long a request may take to come.
const headerTimeout = 3 * time.Second

// smallBuffers gives connections so small a send buffer that the hub's writer is
// soon stopped by a client that does not read.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(4 << 10)
	}
	return conn, err
}

// site is a hub behind a real HTTP server on loopback. Where nobody says
// otherwise, all visitors come from different addresses: see addr.
type site struct {
	*match.Hub
	t     testing.TB
	url   string // http
	host  string // address and port
	relay *relay

	mu     sync.Mutex // guards what follows
	banned map[netip.Addr]match.Ban
	conns  map[*rawConn]bool // open ones of the tests
}

// newSite starts one. At the end of the test everything in it has to be gone.
func newSite(t testing.TB, configure ...func(*match.Options)) *site {
	t.Helper()
	s := &site{
		t:      t,
		relay:  newRelay(),
		banned: map[netip.Addr]match.Ban{},
		conns:  map[*rawConn]bool{},
	}
	opts := match.Options{
		Relay:   s.relay,
		Banned:  s.isBanned,
		ICEURLs: func(host string) []string { return []string{"turn:" + host} },
		Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddr(r.Header.Get("Test-Addr")) },
		Policy:  "v1", Appeal: "/appeal",
		Patience: 50 * time.Millisecond, ResumeGrace: time.Minute, HelloTimeout: time.Minute, SessionsPerAddress: 1 << 20,
	}
	for _, change := range configure {
		change(&opts)
	}
	s.Hub = match.New(opts)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.host = listener.Addr().String()
	s.url = "http://" + s.host
	server := &http.Server{Handler: s.Hub, ReadHeaderTimeout: headerTimeout} // the daemon's is 10 s
	served := make(chan struct{})
	go func() { server.Serve(smallBuffers{listener}); close(served) }()
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { s.Run(ctx); close(ran) }()
	t.Cleanup(func() {
		s.mu.Lock()
		for c := range s.conns {
			c.Conn.Close()
		}
		s.mu.Unlock()
		ctx, stop := context.WithTimeout(context.Background(), patienceOfTests)
		defer stop()
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		cancel()
		<-ran
		server.Close()
		<-served
		if sessions, pairs := s.relay.counts(); sessions != 0 || pairs != 0 {
			t.Errorf("left in the relay: %d sessions, %d pairs", sessions, pairs)
		}
		if stats := s.Stats(); stats.Online != 0 || stats.Waiting != 0 || stats.Pairs != 0 {
			t.Errorf("left in the hub: %+v", stats)
		}
	})
	return s
}

func (s *site) isBanned(addr netip.Addr, _ match.Use) (match.Ban, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ban, ok := s.banned[addr]
	return ban, ok
}

// ban bans an address, or takes that back.
func (s *site) ban(addr netip.Addr, banned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if banned {
		s.banned[addr] = match.Ban{Reason: "spam"}
	} else {
		delete(s.banned, addr)
	}
}

// eventually waits until a condition holds.
func (s *site) eventually(what string, holds func() bool) {
	s.t.Helper()
	deadline := time.NewTimer(patienceOfTests)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			s.t.Fatalf("waited %v until %s: %+v", patienceOfTests, what, s.Stats())
		}
	}
}

// addr is the address of visitor n.
func addr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// rawConn is a WebSocket of which the test writes and reads the bytes.
type rawConn struct {
	net.Conn
	r *bufio.Reader
}

// dial opens a TCP connection.
func (s *site) dial() *rawConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.host)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &rawConn{conn, bufio.NewReader(conn)}
	s.mu.Lock()
	s.conns[c] = true
	s.mu.Unlock()
	return c
}

// closeConn closes the connection and forgets it.
func (s *site) closeConn(c *rawConn) {
	c.Conn.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// request is a hand-made upgrade.
func request(host string, from netip.Addr, key string, headers ...string) string {
	text := "GET /ws HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host + "\r\nTest-Addr: " + from.String() +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
		"\r\nSec-WebSocket-Protocol: joingy.v1\r\n"
	for _, header := range headers {
		text += header + "\r\n"
	}
	return text + "\r\n"
}

// upgrade opens a WebSocket by hand.
func (s *site) upgrade(from netip.Addr, headers ...string) *rawConn {
	s.t.Helper()
	c := s.dial()
	if err := c.handshake(s.host, from, headers...); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (c *rawConn) handshake(host string, from netip.Addr, headers ...string) error {
	var nonce [16]byte
	rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	if _, err := io.WriteString(c, request(host, from, key, headers...)); err != nil {
		return err
	}
	c.SetReadDeadline(time.Now().Add(patienceOfTests))
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if response.StatusCode != http.StatusSwitchingProtocols || response.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) ||
		response.Header.Get("Sec-WebSocket-Protocol") != match.Subprotocol || response.Header.Get("Sec-WebSocket-Extensions") != "" {
		return fmt.Errorf("upgrade answered with %v", response)
	}
	return nil
}

// Opcodes and bits of a frame's first byte (RFC 6455, 5.2).
const (
	opCont, opText, opBinary, opClose, opPing, opPong = 0, 1, 2, 8, 9, 10

	fin, rsv1, rsv2, rsv3 = 0x80, 0x40, 0x20, 0x10
)

// frame is a masked frame, as clients send them, with the shortest length.
func frame(first byte, payload string) []byte {
	return append(header(first, uint64(len(payload))), masked(payload)...)
}

// header is the start of a masked frame, its key included.
func header(first byte, length uint64) []byte {
	b := []byte{first}
	switch {
	case length < 126:
		b = append(b, 0x80|byte(length))
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), length)
	}
	return append(b, maskKey[:]...)
}

var maskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

func masked(payload string) []byte {
	b := []byte(payload)
	for i := range b {
		b[i] ^= maskKey[i%4]
	}
	return b
}

// read returns the daemon's next frame, of which it checks that it is a whole
// message without a mask, as the daemon sends them.
func (c *rawConn) read() (opcode byte, payload []byte, err error) {
	return c.readBefore(time.Now().Add(patienceOfTests))
}

func (c *rawConn) readBefore(deadline time.Time) (opcode byte, payload []byte, err error) {
	c.SetReadDeadline(deadline)
	var head [2]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return 0, nil, err
	}
	length := uint64(head[1])
	var extended [8]byte
	switch head[1] {
	case 126:
		_, err = io.ReadFull(c.r, extended[6:])
		length = binary.BigEndian.Uint64(extended[:])
	case 127:
		_, err = io.ReadFull(c.r, extended[:])
		length = binary.BigEndian.Uint64(extended[:])
	}
	if err != nil {
		return 0, nil, err
	}
	if head[0]&0xf0 != fin || head[1]&0x80 != 0 || length > 1<<20 {
		return 0, nil, fmt.Errorf("the daemon sent a frame that starts with %x", head)
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(c.r, payload)
	return head[0] & 0xf, payload, err
}

// say writes a text message.
func (c *rawConn) say(text string) error {
	_, err := c.Write(frame(fin|opText, text))
	return err
}

// hear returns the next message that is not `online`, and answers pings. A close
// frame is answered and becomes a closeError.
func (c *rawConn) hear() (m message, err error) {
	deadline := time.Now().Add(patienceOfTests)
	for {
		opcode, payload, err := c.readBefore(deadline)
		switch {
		case err != nil:
			return m, err
		case opcode == opPing:
			c.Write(frame(fin|opPong, string(payload)))
		case opcode == opClose:
			c.Write(frame(fin|opClose, string(payload)))
			return m, closeError(append(payload, 0, 0)[0:2])
		case opcode == opText:
			m = message{}
			if err := json.Unmarshal(payload, &m); err != nil {
				return m, err
			}
			if m.Type != "online" {
				return m, nil
			}
		}
	}
}

// closeError is the code of a close frame, as it came; 0 without one.
type closeError []byte

func (e closeError) Error() string { return fmt.Sprint("closed with ", e.code()) }

func (e closeError) code() int { return int(binary.BigEndian.Uint16(e)) }

// closeCode returns the code that err tells of, or 0.
func closeCode(err error) int {
	if closed, ok := errors.AsType[closeError](err); ok {
		return closed.code()
	}
	return 0
}

// must has the next message, which must be of the type.
func (s *site) must(c *rawConn, kind string) message {
	s.t.Helper()
	m, err := c.hear()
	if err != nil || m.Type != kind {
		s.t.Fatalf("got %+v, %v; want %s", m, err, kind)
	}
	return m
}

// visit opens a session.
func (s *site) visit(from netip.Addr) (c *rawConn, welcome message) {
	s.t.Helper()
	c = s.upgrade(from)
	c.say(hello)
	return c, s.must(c, "welcome")
}

// meet makes two visitors meet: the first waits for the second.
func (s *site) meet(a, b *rawConn, mode string) (pair string) {
	s.t.Helper()
	find := `{"type":"find","mode":"` + mode + `"}`
	a.say(find)
	s.must(a, "waiting")
	b.say(find)
	m := s.must(a, "matched")
	if s.must(b, "matched").Pair != m.Pair {
		s.t.Fatal("two pairs for two")
	}
	return m.Pair
}
