package match

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

const floodPause = 25 * time.Millisecond // after a message past the rate, or on a socket being shut

// read waits for the client's next message and follows it. An idle socket is a
// goroutine that waits here; what is done with a message makes its stack grow, so
// a fresh one waits for the next.
func (k *socket) read() {
	kind, message, err := k.conn.Reader(context.Background()) // k.cut ends it
	if err != nil {
		k.end(err)
		return
	}
	data, err := readAll(message)
	if err != nil {
		k.end(err)
		return
	}
	k.receive(kind, data.b)
	data.free()
	go k.read()
}

// receive follows one message. On a socket that is being shut it counts no more.
func (k *socket) receive(kind websocket.MessageType, data []byte) {
	switch shutting, away := k.state(); {
	case shutting:
		time.Sleep(floodPause)
	case kind != websocket.MessageText:
		k.shut(websocket.StatusUnsupportedData, "text frames only")
	case !utf8.Valid(data):
		k.shut(websocket.StatusInvalidFramePayloadData, "not UTF-8")
	case away && !k.hub.up(k, data):
		time.Sleep(floodPause)
	case away:
	case k.stranger == nil:
		k.message(data)
	default:
		k.hello(data)
	}
}

// message handles what follows the hello. Who floods is read slowly: to parse and
// refuse a message costs more than to send one.
func (k *socket) message(data []byte) {
	m, err := parse(data)
	if !k.hub.take(k, data, m, err) {
		time.Sleep(floodPause)
	}
}

// parse reads a message that follows the hello.
func parse(data []byte) (clientMessage, error) {
	m, err := decode(data)
	if err == nil && m.Type == "find" {
		err = m.parseFind()
	}
	return m, err
}

// answerPing is called when the client pings, and reports whether to answer. No browser
// pings: there is no hurry.
func (k *socket) answerPing(context.Context, []byte) bool {
	time.Sleep(floodPause)
	return !k.isShutting()
}

// end is the reader's last step, after an error.
func (k *socket) end(err error) {
	k.mu.Lock()
	k.ended = true
	if k.timer != nil {
		k.timer.Stop()
	}
	k.mu.Unlock()
	switch websocket.CloseStatus(err) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		k.hub.detach(k, true)
	case -1: // no close frame came: the connection was lost, or the client broke the protocol
		k.hub.detach(k, false)
		k.wire.drain()
	default:
		k.hub.detach(k, false)
	}
	k.conn.CloseNow() //nolint:errcheck // it is over
	k.hub.sockets.Done()
}
