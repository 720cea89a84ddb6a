package trial_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/joingyd/joingyd/client"
)

const (
	answerTime = 10 * time.Second // a visitor's patience with a socket on which nothing comes
	offer      = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\n" +
		"a=fingerprint:sha-256 89:C7:C8:43:35:32:53:84:06:79:E7:1F:BF:DF:A0:10:95:58:97:41:40:6F:F9:3A:24:21:D7:48:06:9C:9C:ED\r\na=rtpmap:111 opus/48000/2\r\n"
)

// visitor is one who chats, goes on to the next, loses the socket and comes back, and goes. It
// has an address of its own.
type visitor struct {
	crowd  *crowd
	id     int
	addr   netip.Addr
	random *rand.Rand

	conn    *client.Conn
	came    chan client.Message // closed when the socket has ended; err says how
	err     error
	node    string
	session string

	mode    string
	pair    string // empty: in no chat
	role    string
	waiting bool
	left    bool // since the last search: a word of waiting crossed that
	lines   int
	owed    map[string]time.Time // since when something has no answer, by a line's id, or find
	gone    bool                 // for good
}

// addressOf returns the address of a visitor.
func addressOf(id int) netip.Addr { return netip.AddrFrom4([4]byte{127, 20, byte(id >> 8), byte(id)}) }

func (v *visitor) note(d deed) {
	d.visitor, d.session, d.node = v.id, v.session, v.node
	v.crowd.history.note(d)
}

// live is the whole visit. It ends with ctx, by a goodbye, or by a ban.
func (v *visitor) live(ctx context.Context) {
	for ctx.Err() == nil && !v.gone {
		switch {
		case v.came != nil:
			v.act(ctx)
		case !v.connect(ctx):
			v.gone = true
		case v.came == nil:
			pause(ctx, 100*time.Millisecond)
		}
	}
	if !v.gone {
		v.end(v.random.IntN(2) == 0)
	}
}

// connect comes, or comes back. It reports whether there is anything left to do.
func (v *visitor) connect(ctx context.Context) (on bool) {
	dialing, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	same := true
	var err error
	if v.conn == nil {
		v.conn, err = client.Dial(dialing, client.Options{URL: v.crowd.site.balancer.url(), LocalAddr: v.addr})
	} else {
		same, err = v.conn.Resume(dialing)
	}
	v.node = v.crowd.site.balancer.nodeOf(v.addr)
	if err != nil {
		return v.refused(ctx, err)
	}
	if !same {
		v.note(deed{what: didLose, pair: v.pair})
		v.over()
	}
	v.session = v.conn.Welcome().Session
	v.note(deed{what: didCome})
	v.came, v.err = make(chan client.Message, 512), nil
	v.crowd.readers.Go(func() { v.read(v.conn, v.came) })
	return true
}

// refused follows how a socket ended, or that there was none.
func (v *visitor) refused(ctx context.Context, err error) (on bool) {
	if _, banned := errors.AsType[*client.BannedError](err); banned {
		v.note(deed{what: "banned"})
		return false
	}
	if errors.Is(err, client.ErrSequence) {
		v.note(deed{what: badOrder, body: err.Error()})
		return false
	}
	if closed, ok := errors.AsType[*client.CloseError](err); ok {
		if !closed.Reconnect() {
			v.note(deed{what: didEnd, body: err.Error()})
			return false
		}
		pause(ctx, min(closed.Wait(), time.Second))
	}
	return true
}

// read notes all that comes.
func (v *visitor) read(conn *client.Conn, came chan<- client.Message) {
	defer close(came)
	for {
		m, err := conn.Receive(context.Background())
		if err != nil {
			v.note(deed{what: didBreak, body: err.Error()})
			v.err = err
			return
		}
		d := deed{what: m.Type, mode: m.Mode, pair: m.Pair, order: m.Order, body: m.ID}
		switch m.Type {
		case "text":
			if m.Body != words(m.ID) {
				d.body = "altered: " + m.Body
			}
		case "sent", "rejected":
			d.pair, _, _ = strings.Cut(m.ID, "/")
			d.body += m.Code
		case "error":
			d.body = m.Re + " " + m.Code
		}
		v.note(d)
		came <- m
	}
}

// hear waits for a message, and follows it. It reports whether the socket is there.
func (v *visitor) hear(ctx context.Context, most time.Duration) (m client.Message, on bool) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return m, false
	case <-timer.C:
		return m, !v.late()
	case m, on = <-v.came:
	}
	if !on {
		v.came = nil
		clear(v.owed) // on the next one it is asked for again
		v.gone = !v.refused(ctx, v.err)
		return m, false
	}
	switch m.Type {
	case "waiting":
		delete(v.owed, didFind)
		v.pair, v.waiting = "", !v.left
	case "matched":
		delete(v.owed, didFind)
		v.pair, v.role, v.mode, v.waiting = m.Pair, m.Role, m.Mode, false
	case "left":
		if m.Pair == v.pair {
			v.pair = ""
		}
	case "sent", "rejected":
		delete(v.owed, m.ID)
	case "blocked":
		delete(v.owed, didBlock)
	case "error":
		clear(v.owed)
		if v.waiting = v.waiting && m.Re != didFind; m.Code == "stale_pair" || m.Code == "not_paired" {
			v.pair = "" // it crossed the end of the chat
		}
	case "description":
		if m.Description != nil && m.Description.Type == "offer" {
			v.describe(ctx, "answer")
		}
	}
	return m, true
}

// late cuts the socket if something had no answer for too long.
func (v *visitor) late() bool {
	for what, since := range v.owed {
		if time.Since(since) > answerTime {
			v.note(deed{what: noAnswer, body: what})
			v.drop()
			return true
		}
	}
	return false
}

func (v *visitor) send(ctx context.Context, message map[string]any) bool {
	sending, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return v.conn.Send(sending, message) == nil
}

// drop cuts the socket, as a network does.
func (v *visitor) drop() {
	v.conn.CloseNow()
	for range v.came { // the reader ends
	}
	v.came = nil
	clear(v.owed)
}

// over is the end of the session, for the visitor.
func (v *visitor) over() {
	v.note(deed{what: didEnd, pair: v.pair})
	v.pair, v.waiting = "", false
	clear(v.owed)
}

// end ends the visit, with a goodbye or without.
func (v *visitor) end(goodbye bool) {
	v.gone = true
	if v.session == "" {
		return
	}
	v.over()
	if goodbye && v.came != nil {
		v.conn.Close()
	} else {
		v.conn.CloseNow()
	}
	if v.came != nil {
		for range v.came {
		}
		v.came = nil
	}
}
