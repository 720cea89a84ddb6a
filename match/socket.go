package match

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
	"unique"

	"github.com/coder/websocket"
)

const (
	// Subprotocol is what a client must ask for.
	Subprotocol = "joingy.v1"

	closeGoingAway = websocket.StatusGoingAway

	maxMessage     = 32 << 10 // bytes
	consentTimeout = 10 * time.Minute
	floodPause     = 25 * time.Millisecond // after a message past the rate, or on a socket being shut
	writeTimeout   = 10 * time.Second
	closeTimeout   = 20 * time.Second // to take what is queued, and the close
	pingInterval   = 20 * time.Second
	pingTimeout    = 15 * time.Second
	pingMessages   = 64       // messages after the last ping that bring one forward,
	pingBytes      = 64 << 10 // or bytes
)

// socket is one WebSocket. Two goroutines serve it: ServeHTTP reads, write
// writes; both end before ServeHTTP returns.
type socket struct {
	hub    *Hub
	conn   *websocket.Conn
	addr   netip.Addr
	host   unique.Handle[string] // as the client asked for it
	cancel context.CancelFunc    // cuts the connection

	session *session      // set once, by attachLocked, under Hub.mu; nil: not greeted yet
	greeted chan struct{} // closed then
	early   bucket        // messages before that; the reader's own, like
	consent time.Time     // until when consent may come; zero: was not asked for
	sent    uint64        // number of the last message written; the writer's own after attachLocked
	limit   atomic.Uint64 // number after which nothing is written: a newer socket's is not this one's; 0: none

	wake     chan struct{} // capacity 1: the outbox has more
	shutOnce sync.Once
	shutting chan struct{} // closed by shut
	code     websocket.StatusCode
	reason   string

	pinged   uint64 // sent at the last ping; the writer's own, like sent
	unpinged int    // bytes written since
	pinging  sync.WaitGroup
	answered time.Time // when the last pong came; guarded by Hub.mu
}

// ServeHTTP upgrades a request and serves its socket until it ends. A foreign
// origin and a banned address get 403, an address with too many sockets or too
// many upgrades 429, anybody 503 while the site is full.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	addr := h.opts.Addr(r)
	if !h.admit(w, r, addr) {
		return
	}
	k := &socket{
		hub: h, addr: addr, host: unique.Make(r.Host),
		early:   bucket{rate: 1, burst: 20},
		greeted: make(chan struct{}), wake: make(chan struct{}, 1), shutting: make(chan struct{}),
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	k.cancel = cancel
	if status, why := h.enter(k); status != http.StatusSwitchingProtocols {
		w.Header().Set("Retry-After", seconds(tooManyWait))
		http.Error(w, why, status)
		return
	}
	defer h.sockets.Done()
	goodbye := false
	defer func() { h.detach(k, goodbye) }()

	// The origin was checked above, more strictly than the library does.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	k.conn = conn
	conn.SetReadLimit(maxMessage)
	if conn.Subprotocol() != Subprotocol {
		conn.Close(websocket.StatusPolicyViolation, "the subprotocol is "+Subprotocol)
		return
	}
	goodbye = k.serve(ctx)
}

// enter registers the socket, unless the hub is closed or there are too many: in
// all, a sixteenth more than sessions, so that those can be resumed; of the
// address, two for each session that it may hold, since a newer socket takes over
// before the old one is gone. It returns the status to answer with, and why.
func (h *Hub) enter(k *socket) (status int, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := addressKey(k.addr)
	switch {
	case h.closed:
		return http.StatusServiceUnavailable, "server going away"
	case len(h.open) >= h.opts.Sessions+h.opts.Sessions/16:
		h.denied[deniedCapacity]++
		return http.StatusServiceUnavailable, "the site is full; come again later"
	case h.openFrom[key] >= 2*h.opts.SessionsPerAddressMax:
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
	key := addressKey(k.addr)
	if h.openFrom[key]--; h.openFrom[key] == 0 {
		delete(h.openFrom, key)
	}
}

func refuseBanned(w http.ResponseWriter, ban Ban) {
	body := struct {
		Code   string     `json:"code"`
		Reason string     `json:"reason"`
		Until  *time.Time `json:"until"`
	}{"banned", ban.Reason, newBanned(ban, "").Until}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusForbidden)
	json.NewEncoder(w).Encode(body) // the client is gone, if anything
}

// serve reads until the socket ends. It reports whether the client closed it on
// purpose.
func (k *socket) serve(ctx context.Context) (goodbye bool) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		k.write(ctx)
	}()
	defer func() {
		k.cancel()
		<-written
		k.pinging.Wait()
	}()
	hello := time.AfterFunc(k.hub.opts.HelloTimeout, func() { k.shut(closeNoHello, "no hello in time") })
	defer hello.Stop()
	for {
		kind, data, err := k.conn.Read(ctx)
		if err != nil {
			switch websocket.CloseStatus(err) {
			case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
				return true
			}
			return false
		}
		switch {
		case kind != websocket.MessageText:
			k.shut(websocket.StatusUnsupportedData, "text frames only")
		case !utf8.Valid(data):
			k.shut(websocket.StatusInvalidFramePayloadData, "not UTF-8")
		case k.session != nil:
			k.message(ctx, data)
		default:
			k.hello(ctx, data, hello)
		}
	}
}

// message handles what follows the hello. Who floods is read slowly: to parse and
// refuse a message costs more than to send one.
func (k *socket) message(ctx context.Context, data []byte) {
	m, err := decode(data)
	if k.hub.handle(k, m, err) {
		return
	}
	pause := time.NewTimer(floodPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

// shut asks the writer to close the socket, after what is queued, and cuts the
// connection where that takes too long. Only the first call counts. It does not
// wait.
func (k *socket) shut(code websocket.StatusCode, reason string) {
	k.shutOnce.Do(func() {
		k.code, k.reason = code, reason
		close(k.shutting)
		time.AfterFunc(closeTimeout, k.cancel)
	})
}

func (k *socket) isShutting() bool {
	select {
	case <-k.shutting:
		return true
	default:
		return false
	}
}

// notify tells the writer that the outbox has more.
func (k *socket) notify() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// write writes the session's messages in order, pings, and closes the socket. It
// ends with ctx.
func (k *socket) write(ctx context.Context) {
	select {
	case <-k.greeted:
	case <-ctx.Done():
		return
	case <-k.shutting:
		select {
		case <-k.greeted: // just before: what the session has to say comes first
		default:
			k.conn.Close(k.code, k.reason)
			return
		}
	}
	k.pinged = k.sent
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	for {
		if data, ok := k.pending(); ok {
			if !k.writeOne(ctx, data) {
				k.cancel()
				return
			}
			k.sent++
			k.unpinged += len(data)
			if k.sent-k.pinged >= pingMessages || k.unpinged >= pingBytes {
				k.startPing(ctx)
			}
			continue
		}
		select {
		case <-k.wake:
		case <-ticker.C:
			k.startPing(ctx)
		case <-ctx.Done():
			return
		case <-k.shutting:
			if _, more := k.pending(); !more {
				k.conn.Close(k.code, k.reason)
				return
			}
		}
	}
}

// pending returns the next message to write, if there is one. The limit is looked
// at last: it was set before anything beyond it was queued.
func (k *socket) pending() (data []byte, ok bool) {
	data, ok = k.session.out.after(k.sent)
	if limit := k.limit.Load(); limit != 0 && k.sent >= limit {
		return nil, false
	}
	return data, ok
}

func (k *socket) writeOne(ctx context.Context, data []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return k.conn.Write(ctx, websocket.MessageText, data) == nil
}

// startPing pings the client, whether or not others are under way. The pong
// acknowledges every message written before: a WebSocket keeps their order. No
// pong at all cuts the connection: one may stand for several pings (RFC 6455,
// 5.5.3).
func (k *socket) startPing(ctx context.Context) {
	k.pinged, k.unpinged = k.sent, 0
	sent, started := k.sent, time.Now()
	k.pinging.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		err := k.conn.Ping(ctx)
		k.hub.mu.Lock()
		defer k.hub.mu.Unlock()
		switch {
		case err == nil:
			k.answered = time.Now()
			k.acknowledgeLocked(sent)
		case k.answered.Before(started):
			k.cancel()
		}
	})
}

// acknowledgeLocked forgets what the client has, unless another socket took over:
// the client told that one where to go on.
func (k *socket) acknowledgeLocked(sent uint64) {
	if k.session.socket == k {
		k.session.out.ack(sent)
	}
}
