package match

import (
	"slices"
	"time"

	"github.com/coder/websocket"
)

// remote is the link of a session whose client's socket is at another hub, its door. The
// hub's lock guards it.
//
// What the outbox numbers goes down in its order, each message once, from where the door
// says that it is. What the client says comes up with the door's numbers and is followed
// once, in its order, by a goroutine that runs while there is something to follow: the
// filters and a report take their time.
type remote struct {
	origin
	hub     *Hub
	session *session
	node    string // the door
	epoch   uint32
	token   string // what the door's tokens begin with

	open bool   // the door listens
	over bool   // nothing is passed on any more
	sent uint64 // number of the last message that went down

	got     uint64   // number of the last message that came up,
	done    uint64   // that was followed,
	told    uint64   // and of which the door knows that
	inbox   [][]byte // from done to got
	working bool
}

// attach implements link.
func (r *remote) attach(s *session, ack uint64) {
	r.session, r.sent, r.epoch = s, ack, s.abroad.epoch
	r.hub.enterTunnelLocked(r)
}

// enterTunnelLocked counts r as one of its door's node.
func (h *Hub) enterTunnelLocked(r *remote) {
	p := h.peerLocked(r.node)
	if len(p.doors)+len(p.links) == 0 {
		p.heard = h.opts.Now()
	}
	p.links[r] = struct{}{}
}

// frame returns one of the link's.
func (r *remote) frame(kind frameKind) *frame {
	return &frame{Kind: kind, Session: r.session.id, Epoch: r.epoch}
}

// notify implements link.
func (r *remote) notify() {
	if !r.open || r.over {
		return
	}
	message := newBuffer(0)
	defer func() { message.free() }()
	for {
		var more bool
		if message, more = r.session.out.copyNext(message, r.sent); !more {
			return
		}
		r.sent++
		f := r.frame(frameDown)
		f.Seq, f.Ack, f.data = r.sent, r.done, message.b
		r.told = r.done
		r.hub.sendFrameLocked(r.node, f)
	}
}

// pingNow implements link.
func (r *remote) pingNow() {
	if r.open && !r.over {
		r.hub.sendFrameLocked(r.node, r.frame(framePing))
	}
}

// shut implements link.
func (r *remote) shut(code websocket.StatusCode, reason string) {
	f := r.frame(frameShut)
	f.Code, f.Reason = int(code), reason
	r.end(f)
}

// supersede implements link.
func (r *remote) supersede(last uint64) {
	f := r.frame(frameShut)
	f.Code, f.Reason, f.Last, f.Seq = int(closeSuperseded), "superseded by a newer socket", true, last
	r.end(f)
}

// end sends the last frame of the link.
func (r *remote) end(f *frame) {
	if r.over {
		return
	}
	r.over = true
	r.hub.sendFrameLocked(r.node, f)
	r.leave()
}

// leave ends the tunnel without a word.
func (r *remote) leave() {
	r.over = true
	if p := r.hub.others.peers[r.node]; p != nil {
		delete(p.links, r)
	}
	for _, data := range r.inbox {
		clear(data)
	}
	r.inbox = nil
}

// prefix implements link.
func (r *remote) prefix() string { return r.token }

// begin lets the door have what follows number have.
func (r *remote) begin(have uint64) {
	r.open, r.sent, r.told = true, have, r.done
	r.hub.sendFrameLocked(r.node, r.gotFrame(frameGot))
	r.notify()
}

// again asks the door to attach again.
func (r *remote) again() {
	if r.open {
		r.hub.sendFrameLocked(r.node, r.gotFrame(frameAgain))
	}
}

func (r *remote) gotFrame(kind frameKind) *frame {
	f := r.frame(kind)
	f.Ack = r.done
	return f
}

// tellGot tells the door what was followed, if that is so many messages.
func (r *remote) tellGot(least uint64) {
	if r.open && !r.over && r.done >= r.told+least {
		r.told = r.done
		r.hub.sendFrameLocked(r.node, r.gotFrame(frameGot))
	}
}

// remoteLocked returns the link that a frame of a door belongs to. Where there is none the
// door is told what it should know, but by a frame that says that it is gone.
func (h *Hub) remoteLocked(node string, f *frame) *remote {
	s := h.sessions[f.Session]
	if s != nil {
		if r, ok := s.link.(*remote); ok && r.node == node && r.epoch == f.Epoch {
			return r
		}
	}
	if f.Kind == frameGone {
		return nil
	}
	answer := &frame{Kind: frameUnknown, Session: f.Session, Epoch: f.Epoch}
	if d := h.others.left[f.Session]; d != nil && d.epoch == f.Epoch && d.door == node {
		answer.Kind, answer.Node, answer.Next = frameRehome, d.to, d.next
	} else if s != nil && s.link != nil {
		answer.Kind, answer.Code, answer.Reason, answer.Last = frameShut, int(closeSuperseded), "superseded by a newer socket", true
	}
	h.sendFrameLocked(node, answer)
	return nil
}

// onAttachLocked follows a door that wants to know what it does not have: it has lost
// frames, or the session has just moved here.
func (h *Hub) onAttachLocked(node string, f *frame) {
	if g := h.others.guests[f.Session]; g != nil && g.record.Epoch == f.Epoch && g.record.Door == node && f.From != nil {
		h.arriveLocked(g, f)
		return
	}
	if r := h.remoteLocked(node, f); r != nil && !r.over {
		r.begin(f.Seq)
	}
}

// maxInbox is how many messages of a client may wait to be followed: a door keeps no more
// before it shuts the socket.
const maxInbox = maxUps

func (h *Hub) onUpLocked(node string, f *frame) {
	r := h.remoteLocked(node, f)
	switch {
	case r == nil || r.over || f.Seq <= r.got:
		return // it has come already
	case f.Seq > r.got+1:
		h.peerLocked(node).behind = true // what was lost is on its way already, most likely: see Gap
		return
	case len(r.inbox) >= maxInbox:
		return // no door sends so much; it is asked to send it again
	}
	r.got++
	r.inbox = append(r.inbox, slices.Clone(f.data))
	if !r.working {
		r.working = true
		h.sockets.Go(r.work)
	}
}

// work follows what has come up.
func (r *remote) work() {
	for {
		data, more := r.next()
		if !more {
			return
		}
		m, err := parse(data)
		onward := r.follow(m, err)
		clear(data)
		if !onward {
			time.Sleep(floodPause)
		}
	}
}

// next takes the oldest message that has come up.
func (r *remote) next() (data []byte, more bool) {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	if len(r.inbox) == 0 || r.over {
		r.working, r.inbox = false, nil
		return nil, false
	}
	data, r.inbox = r.inbox[0], r.inbox[1:]
	return data, true
}

func (r *remote) follow(m clientMessage, malformed error) (onward bool) {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	onward = h.followLocked(r.session, r, m, malformed)
	r.done++
	r.tellGot(gotEvery)
	return onward
}

// onAckLocked forgets what the client has. It is the session's turn then: a socket is pinged
// at least once in pingInterval.
func (h *Hub) onAckLocked(node string, f *frame) {
	r := h.remoteLocked(node, f)
	if r == nil || r.over {
		return
	}
	r.session.out.ack(f.Seq)
	if !r.session.leaving() {
		h.tellOnlineLocked(r.session)
		h.renewCredentialsLocked(r.session)
	}
}

// onGoneLocked follows a door whose socket is gone.
func (h *Hub) onGoneLocked(node string, f *frame) {
	r := h.remoteLocked(node, f)
	if r == nil {
		h.goneOfMovedLocked(node, f)
		return
	}
	r.leave()
	if ban, banned := h.opts.Banned(r.addr, UseSite); f.Banned || banned {
		r.session.link = nil
		h.banLocked(r.session, ban)
		return
	}
	h.unlinkLocked(r.session, r, f.Bye)
}
