package match

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"
)

const (
	writeBytes   = 16 << 10 // of messages that leave at once, but for one that is larger
	pingMessages = 64       // messages after the last ping that bring one forward,
	pingBytes    = 64 << 10 // or bytes
)

// notify makes a goroutine write what there is to write, if none does already.
func (k *socket) notify() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.startLocked()
}

// pingNow asks for a ping behind what is queued.
func (k *socket) pingNow() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ping = true
	k.startLocked()
}

// shut asks for the socket to be closed, after what is queued, and cuts the
// connection where that takes too long. Only the first call counts. It does not
// wait.
func (k *socket) shut(code websocket.StatusCode, reason string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.shutting || k.ended {
		return
	}
	k.shutting, k.code, k.reason = true, code, reason
	if k.timer != nil {
		k.timer.Stop()
	}
	k.timer = time.AfterFunc(closeTimeout, k.cut)
	k.startLocked()
}

func (k *socket) isShutting() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shutting
}

// state reports whether the socket is being shut, and whether its session is at another hub.
func (k *socket) state() (shutting, away bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shutting, k.door != nil
}

func (k *socket) startLocked() {
	if k.writing || k.ended || k.conn == nil {
		return
	}
	k.writing = true
	k.hub.sockets.Go(k.write)
}

// write writes until there is nothing to write, and closes the socket that is being
// shut.
func (k *socket) write() {
	if k.writeQueued() == stepClose {
		k.conn.Close(k.code, k.reason) //nolint:errcheck // the client is gone, if anything
	}
}

// step is what a writer does next.
type step int

const (
	stepRest step = iota // for good: another writer may start
	stepMessage
	stepPing
	stepClose // and that is the last
)

// writeQueued writes the session's messages in their order, and starts pings
// between them. Several messages leave in one system call. It returns what made it
// stop.
func (k *socket) writeQueued() step {
	message := newBuffer(0)
	defer func() { message.free() }()
	k.wire.hold()
	defer k.wire.release()
	for held := 0; ; {
		var what step
		switch message, what = k.next(message); what {
		case stepMessage:
			if k.conn.Write(context.Background(), websocket.MessageText, message.b) != nil {
				return stepMessage // the socket has ended, or its client has closed it
			}
			if held += len(message.b); held >= writeBytes {
				k.wire.release()
				k.wire.hold()
				held = 0
			}
		case stepPing:
		default:
			return what
		}
	}
}

// next says what to do next: to write the message it returns, in a buffer that it
// may have put in the place of the one it got. A ping it starts itself.
func (k *socket) next(message *buffer) (*buffer, step) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		return message, stepRest // where startLocked starts no other
	}
	if k.sent-k.pinged >= pingMessages || k.unpinged >= pingBytes {
		k.pingLocked()
		return message, stepPing
	}
	if k.out != nil && (k.limit == 0 || k.sent < k.limit) {
		var ok bool
		if message, ok = k.out.copyNext(message, k.sent); ok {
			k.sent++
			k.unpinged += len(message.b)
			return message, stepMessage
		}
	}
	switch {
	case k.ping:
		k.pingLocked()
		return message, stepPing
	case k.shutting:
		return message, stepClose
	}
	k.writing = false
	return message, stepRest
}

func (k *socket) pingLocked() {
	k.ping, k.pinged, k.unpinged = false, k.sent, 0
	sent := k.sent
	k.hub.sockets.Go(func() { k.awaitPong(sent) })
}

// awaitPong pings the client, whether or not other pings are under way. The pong
// acknowledges every message up to number sent, all of which were written before: a
// WebSocket keeps their order. No pong at all cuts the connection: one may stand
// for several pings (RFC 6455, 5.5.3). A ping that can't be sent says nothing of the
// client: a close frame may have been sent before it, which must still arrive.
func (k *socket) awaitPong(sent uint64) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	err := k.conn.Ping(ctx)
	k.mu.Lock()
	silent := errors.Is(err, context.DeadlineExceeded) && k.answered.Before(started)
	news := err == nil && (sent > k.acked || k.door != nil)
	if err == nil {
		k.answered = time.Now()
	}
	if news {
		k.acked = max(k.acked, sent)
	}
	k.mu.Unlock()
	switch {
	case silent:
		k.cut()
	case news:
		k.hub.acknowledge(k, sent)
	}
}

// acknowledge forgets what the client has, unless another socket took over: the
// client told that one where to go on.
func (h *Hub) acknowledge(k *socket, sent uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case k.session != nil:
		if k.session.link == k {
			k.session.out.ack(sent)
		}
	case k.door != nil:
		k.door.out.ack(sent)
		f := k.door.frame(frameAck)
		f.Seq = sent
		h.sendFrameLocked(k.door.home, f)
	}
}
