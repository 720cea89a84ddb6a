package match

import (
	"slices"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/ident"
)

const (
	maxUps      = 256       // messages of a client that its session's home has not followed,
	maxUpsBytes = 512 << 10 // and bytes: past that the socket is shut
	homeKept    = time.Minute
)

// door is what a socket has whose session is at another hub. The hub's lock guards it, but
// for out, which has a lock of its own.
type door struct {
	session ident.Session
	epoch   uint32
	home    string     // empty: the session has come back here, and ups are being followed
	hash    resumeHash // of its token
	out     outbox     // what came down, with the home's numbers

	ups      [][]byte // what the client said and the home has not followed, the youngest last
	bytes    int
	last     uint64    // number of the youngest
	unheard  time.Time // when the home last followed one, or the oldest came; of no meaning without ups
	messages bucket    // who says more is read slowly, as the home would
}

// home is where the session of a token is.
type home struct {
	node  string
	until time.Time // zero: as long as its door is here
}

func newDoor(id ident.Session, epoch uint32, home string, hash resumeHash) *door {
	return &door{session: id, epoch: epoch, home: home, hash: hash, messages: bucket{rate: 40, burst: 200}}
}

func (d *door) tunnel() tunnel { return tunnel{d.session, d.epoch} }

func (d *door) frame(kind frameKind) *frame {
	return &frame{Kind: kind, Session: d.session, Epoch: d.epoch}
}

// openDoorLocked makes the socket the door of a session elsewhere.
func (h *Hub) openDoorLocked(k *socket, d *door) {
	k.mu.Lock()
	k.session, k.door, k.out = nil, d, &d.out
	k.mu.Unlock()
	h.enterDoorLocked(k)
}

// enterDoorLocked notes where the session of the socket's door is.
func (h *Hub) enterDoorLocked(k *socket) {
	d := k.door
	h.others.doors[d.tunnel()] = k
	h.others.homes[d.hash] = home{node: d.home}
	p := h.peerLocked(d.home)
	if len(p.doors)+len(p.links) == 0 {
		p.heard = h.opts.Now()
	}
	p.doors[k] = struct{}{}
}

// leaveDoorLocked undoes enterDoorLocked, but that the token is known for a while.
func (h *Hub) leaveDoorLocked(k *socket) {
	d := k.door
	if h.others.doors[d.tunnel()] == k {
		delete(h.others.doors, d.tunnel())
	}
	if p := h.others.peers[d.home]; p != nil {
		delete(p.doors, k)
	}
	if at, known := h.others.homes[d.hash]; known && at.node == d.home {
		at.until = h.opts.Now().Add(h.opts.ResumeGrace + homeKept)
		h.others.homes[d.hash] = at
	}
}

// attachDoorLocked asks the home for what has not come, and sends again what the home may
// not have.
func (h *Hub) attachDoorLocked(k *socket) {
	f := k.door.frame(frameAttach)
	f.Seq, f.From = k.door.out.newest(), k.whence()
	h.sendFrameLocked(k.door.home, f)
	h.sendUpsLocked(k.door)
}

func (h *Hub) sendUpsLocked(d *door) {
	first := d.last - uint64(len(d.ups)) + 1
	for i, data := range d.ups {
		f := d.frame(frameUp)
		f.Seq, f.data = first+uint64(i), data
		h.sendFrameLocked(d.home, f)
	}
}

// upLocked passes on what the client said. It reports whether to read on at once.
func (h *Hub) upLocked(k *socket, data []byte) bool {
	d := k.door
	if len(d.ups) >= maxUps || d.bytes+len(data) > maxUpsBytes {
		k.shut(closeTooMany, "1") // the home does not follow: the client says the rest again, elsewhere
		return false
	}
	if len(d.ups) == 0 {
		d.unheard = h.opts.Now()
	}
	d.last++
	d.ups = append(d.ups, slices.Clone(data))
	d.bytes += len(data)
	if d.home != "" {
		f := d.frame(frameUp)
		f.Seq, f.data = d.last, data
		h.sendFrameLocked(d.home, f)
	}
	return d.messages.take(h.opts.Now())
}

// followed forgets what the home has followed, up to number seq.
func (d *door) followed(seq uint64) {
	first := d.last - uint64(len(d.ups)) + 1
	if seq < first || seq > d.last {
		return
	}
	n := int(seq - first + 1)
	for _, data := range d.ups[:n] {
		d.bytes -= len(data)
		clear(data)
	}
	if d.ups = slices.Delete(d.ups, 0, n); len(d.ups) == 0 {
		d.ups = nil
	}
}

// closeDoorLocked is for a socket that is gone.
func (h *Hub) closeDoorLocked(k *socket, goodbye bool) {
	d := k.door
	d.out.forget()
	d.followed(d.last)
	if d.home == "" {
		return // there is no tunnel any more
	}
	h.leaveDoorLocked(k)
	f := d.frame(frameGone)
	_, f.Banned = h.opts.Banned(k.addr, UseSite)
	f.Bye = goodbye && !k.isShutting() // nobody's goodbye, but the client's answer to ours
	h.sendFrameLocked(d.home, f)
}

// onDoorLocked follows a frame of a session's home.
func (h *Hub) onDoorLocked(node string, f *frame) {
	k := h.others.doors[f.to()]
	if k == nil || k.door.home != node {
		if f.Kind != frameUnknown && f.Kind != frameShut {
			h.sendFrameLocked(node, &frame{Kind: frameGone, Session: f.Session, Epoch: f.Epoch})
		}
		return // the door believes in its present home only
	}
	d := k.door
	switch f.Kind {
	case frameDown:
		d.followed(f.Ack)
		d.unheard = h.opts.Now()
		switch newest := d.out.newest(); {
		case f.Seq == newest+1:
			d.out.take(f.data)
			k.notify()
		case f.Seq > newest+1:
			h.peerLocked(node).behind = true // see onUpLocked
		}
	case frameGot:
		d.followed(f.Ack)
		d.unheard = h.opts.Now()
	case frameAgain:
		d.followed(f.Ack)
		h.attachDoorLocked(k)
	case framePing:
		k.pingNow()
	case frameShut:
		if f.Last {
			k.mu.Lock()
			k.limit = f.Seq
			k.mu.Unlock()
		}
		k.shut(websocket.StatusCode(f.Code), f.Reason)
	case frameRehome:
		h.rehomeLocked(k, f)
	case frameUnknown:
		k.shut(closeGoingAway, "1")
	}
}

// rehomeLocked follows a home that says that the session has moved on.
func (h *Hub) rehomeLocked(k *socket, f *frame) {
	d := k.door
	h.leaveDoorLocked(k)
	d.epoch, d.home = f.Next, f.Node
	if d.home == h.others.self {
		h.comeBackLocked(k)
		return
	}
	h.enterDoorLocked(k)
	h.attachDoorLocked(k)
}

// comeBackLocked makes the socket the session's link, whose record came to this hub: a door
// is needed no more once what the client said meanwhile is followed.
func (h *Hub) comeBackLocked(k *socket) {
	d := k.door
	g := h.others.guests[d.session]
	if g == nil || g.record.Epoch != d.epoch || g.record.Door != h.others.self {
		d.home = ""
		delete(h.others.homes, d.hash)
		k.shut(closeGoingAway, "1") // it took too long
		return
	}
	d.home = ""
	d.followed(g.record.Followed)
	delete(h.others.homes, d.hash)
	h.arriveAtLocked(g, k)
}

// replay follows what the client said while its session came back, and has the reader follow
// the rest.
func (k *socket) replay(d *door) {
	for {
		data, more := k.hub.replayed(k, d)
		if !more {
			return
		}
		m, err := parse(data)
		k.hub.handle(k, m, err)
	}
}

// replayed takes the oldest message of a door that is needed no more.
func (h *Hub) replayed(k *socket, d *door) (data []byte, more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(d.ups) == 0 || k.door != d {
		if k.door == d {
			k.mu.Lock()
			k.door = nil
			k.mu.Unlock()
		}
		return nil, false
	}
	data = slices.Clone(d.ups[0])
	d.followed(d.last - uint64(len(d.ups)) + 1)
	return data, true
}
