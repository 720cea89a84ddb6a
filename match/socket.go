package match

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"sync"
	"time"
	"unique"

	"github.com/coder/websocket"
)

const (
	// Subprotocol is what a client must ask for.
	Subprotocol = "joingy.v1"

	maxMessage   = 32 << 10         // bytes
	closeTimeout = 20 * time.Second // to take what is queued, and the close
)

// socket is one WebSocket. Of an idle one this, the library's connection and a
// small stack is all there is: the goroutine that waits for the client's next
// message (read). Others run while there is something to write (write) and while a
// pong is awaited. All of them count in Hub.sockets.
type socket struct {
	origin
	hub  *Hub
	wire wire

	session  *session      // guarded by Hub.mu; nil: not greeted yet, or the session is at another hub
	stranger *stranger     // nil once greeted; the reader's own
	since    time.Duration // when it was opened, on the hub's clock

	ring ring // its place in Hub.rounds; guarded by Hub.mu

	mu    sync.Mutex      // guards what follows, and is innermost but for the outbox's
	out   *outbox         // what is written; nil: not greeted yet
	door  *door           // written under Hub.mu too; nil: the session is of this hub
	conn  *websocket.Conn // nil: not upgraded yet; set once, and its goroutines' own to use without mu
	timer *time.Timer     // what shuts or cuts a socket that has no session, or is being shut

	writing  bool // a write goroutine runs
	ended    bool // nothing is written any more
	shutting bool // shut was called
	ping     bool // a ping is due
	code     websocket.StatusCode
	reason   string

	sent     uint64    // number of the last message written
	limit    uint64    // number after which nothing is written: a newer socket's is not this one's; 0: none
	pinged   uint64    // sent at the last ping
	unpinged int       // bytes written since
	acked    uint64    // the number that the pongs acknowledged
	answered time.Time // when the last pong came
}

// ServeHTTP upgrades a request and leaves its socket to goroutines of the hub's. A
// foreign origin and a banned address get 403, an address with too many sockets or
// too many upgrades 429, anybody 503 while the site is full.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	addr := h.opts.Addr(r)
	if !h.admit(w, r, addr) {
		return
	}
	k := newSocket(h, addr, r.Host)
	k.port = portOf(r, addr)
	if h.opts.RequestID != nil {
		k.name = h.opts.RequestID(r)
	}
	if h.opts.Visits != nil {
		k.stranger.kind = h.opts.Visits.Kind(r.Header)
	}
	if status, why := h.enter(k); status != http.StatusSwitchingProtocols {
		w.Header().Set("Retry-After", seconds(tooManyWait))
		http.Error(w, why, status)
		return
	}
	// The origin was checked above, more strictly than the library does.
	conn, err := websocket.Accept(&upgrade{w, &k.wire}, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol}, InsecureSkipVerify: true, OnPingReceived: k.answerPing,
	})
	if err != nil {
		h.detach(k, false)
		h.sockets.Done()
		return // Accept has answered
	}
	conn.SetReadLimit(maxMessage)
	if conn.Subprotocol() != Subprotocol {
		k.shut(websocket.StatusPolicyViolation, "the subprotocol is "+Subprotocol)
	}
	k.open(conn)
	go k.read()
}

func newSocket(h *Hub, addr netip.Addr, host string) *socket {
	return &socket{origin: origin{addr: addr, host: unique.Make(host)}, hub: h, stranger: newStranger(), since: h.clock()}
}

// open gives the socket its connection, and the client its time to say hello.
func (k *socket) open(conn *websocket.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn = conn
	if k.ended {
		k.wire.cut()
	}
	if !k.shutting {
		k.timer = time.AfterFunc(k.hub.opts.HelloTimeout, k.noHello)
	}
	k.startLocked()
}

func (k *socket) noHello() { k.shut(closeNoHello, "no hello in time") }

// cut ends the connection, so that the reader sees it and ends the socket. It may be
// called at any time, but not under Hub.mu: it waits until the kernel lets go.
func (k *socket) cut() {
	k.mu.Lock()
	k.ended = true
	connected := k.conn != nil
	k.mu.Unlock()
	if connected {
		k.wire.cut()
	}
}

// attach implements link: it gives the socket its session.
func (k *socket) attach(s *session, ack uint64) {
	k.mu.Lock()
	k.session, k.out = s, &s.out
	k.mu.Unlock()
	k.start(ack)
}

// start begins to write what follows number ack.
func (k *socket) start(ack uint64) {
	k.mu.Lock()
	k.sent, k.pinged, k.acked = ack, ack, ack
	if !k.shutting {
		k.timer.Stop()
		k.timer = nil
	}
	k.mu.Unlock()
	k.hub.rounds.add(k)
	k.hub.wakeRun()
}

// prefix implements link.
func (k *socket) prefix() string { return k.hub.tag() }

// supersede implements link.
func (k *socket) supersede(last uint64) {
	k.mu.Lock()
	k.limit = last
	k.mu.Unlock()
	k.shut(closeSuperseded, "superseded by a newer socket")
}

// enter registers the socket, unless the hub is closed or there are too many: in
// all, a sixteenth more than sessions, so that those can be resumed; of the
// address, two for each session that it may hold, since a newer socket takes over
// before the old one is gone. It returns the status to answer with, and why.
func (h *Hub) enter(k *socket) (status int, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key, live := addressKey(k.addr), h.live.Load()
	switch {
	case h.closed:
		return http.StatusServiceUnavailable, "server going away"
	case len(h.open) >= live.Sessions+live.Sessions/16, h.opts.Pressure() >= noSockets:
		h.denied[deniedCapacity]++
		return http.StatusServiceUnavailable, "the site is full; come again later"
	case h.openFrom[key] >= 2*live.SessionsPerAddressMax:
		h.denied[deniedSockets]++
		return http.StatusTooManyRequests, "too many connections of this address"
	}
	h.open[k] = struct{}{}
	h.openFrom[key]++
	h.sockets.Add(1)
	return http.StatusSwitchingProtocols, ""
}

// leaveLocked undoes enter.
func (h *Hub) leaveLocked(k *socket) {
	delete(h.open, k)
	h.rounds.remove(k)
	key := addressKey(k.addr)
	if h.openFrom[key]--; h.openFrom[key] == 0 {
		delete(h.openFrom, key)
	}
}

func refuseBanned(w http.ResponseWriter, ban Ban, appeal string) {
	body := struct {
		Code string `json:"code"`
		banNotice
	}{"banned", newBanNotice(ban, appeal)}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusForbidden)
	json.NewEncoder(w).Encode(body) // the client is gone, if anything
}
