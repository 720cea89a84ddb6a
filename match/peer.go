package match

import "time"

const (
	beatInterval = time.Second     // between frames to a hub with which there are tunnels
	silence      = 5 * time.Second // after which they are given up
	gotEvery     = 16              // messages of a client, after which the door hears of it
	resyncPause  = 200 * time.Millisecond
)

// peer is another hub with which this one has tunnels. The hub's lock guards it.
type peer struct {
	heard  time.Time
	synced time.Time            // when the tunnels last went on from what had come
	resync *time.Timer          // when they do next; nil: nothing was lost
	behind bool                 // something came that does not follow on what had come
	doors  map[*socket]struct{} // here, whose sessions are there
	links  map[*remote]struct{} // of sessions here, whose sockets are there
}

// peerLocked returns the peer, which it makes if need be.
func (h *Hub) peerLocked(node string) *peer {
	p := h.others.peers[node]
	if p == nil {
		p = &peer{heard: h.opts.Now(), doors: make(map[*socket]struct{}), links: make(map[*remote]struct{})}
		h.others.peers[node] = p
	}
	return p
}

// Receive follows a frame of another hub. It may be called for several hubs at once, and
// for each in the order of its frames: see Cluster.Send. It keeps no hold of data.
func (h *Hub) Receive(node string, data []byte) {
	f, err := parseFrame(data)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.others == nil || h.closed {
		return
	}
	if err != nil {
		h.others.stats.Unusable++
		return
	}
	if p := h.others.peers[node]; p != nil {
		p.heard = h.opts.Now()
	}
	switch f.Kind {
	case frameAttach:
		h.onAttachLocked(node, &f)
	case frameUp:
		h.onUpLocked(node, &f)
	case frameAck:
		h.onAckLocked(node, &f)
	case frameGone:
		h.onGoneLocked(node, &f)
	case frameDown, frameGot, frameAgain, framePing, frameShut, frameRehome, frameUnknown:
		h.onDoorLocked(node, &f)
	case framePropose:
		h.onProposeLocked(node, &f)
	case frameAccept:
		h.onAcceptLocked(node, &f)
	case frameGive:
		h.onGiveLocked(node, &f)
	case frameRefuse:
		h.onRefuseLocked(node, &f)
	case frameTaken:
		h.onTakenLocked(node, &f)
	case frameDrop:
		h.onDropLocked(node, &f)
	case frameVoid:
		h.onVoidLocked(&f)
	case frameResume:
		h.onResumeLocked(node, &f)
	case frameFound:
		h.onFoundLocked(node, &f)
	case frameNotFound:
		h.onNotFoundLocked(node, &f)
	case frameReport:
		h.onReportLocked(node, &f)
	case frameReported:
		h.onReportedLocked(&f)
	case frameAgainst:
		h.onAgainstLocked(&f)
	}
}

// Gap says that frames of another hub were lost, or that it is another than before: both
// directions of each tunnel go on from what is known to have come.
func (h *Hub) Gap(node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.others == nil || h.closed || h.others.peers[node] == nil {
		return
	}
	p := h.others.peers[node]
	if p.resync != nil {
		return
	}
	// Where much is lost, what is sent again must not be more than what is lost.
	p.resync = time.AfterFunc(max(0, resyncPause-h.opts.Now().Sub(p.synced)), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		p.resync = nil
		if !h.closed {
			h.resyncLocked(p)
		}
	})
}

// resyncLocked has both directions of each tunnel go on from what is known to have come. The
// door does it, whichever of the two missed something.
func (h *Hub) resyncLocked(p *peer) {
	p.synced = h.opts.Now()
	h.others.stats.Resyncs += uint64(len(p.doors) + len(p.links))
	for k := range p.doors {
		h.attachDoorLocked(k)
	}
	for r := range p.links {
		r.again()
	}
}

// Lost gives up the tunnels with another hub: clients whose doors are here are asked to
// come again, and sessions here wait for theirs, as if they had lost their sockets. The other
// hub's doors are told: it may be there after all, and have lost nothing.
func (h *Hub) Lost(node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.others == nil {
		return
	}
	if p := h.others.peers[node]; p != nil {
		h.lostLocked(p)
	}
}

func (h *Hub) lostLocked(p *peer) {
	h.others.stats.Lost += uint64(len(p.doors) + len(p.links))
	for k := range p.doors {
		k.shut(closeGoingAway, "1")
	}
	for r := range p.links {
		r.shut(closeGoingAway, "1")
		h.unlinkLocked(r.session, r, false)
	}
}

// giveUp asks the clients to come again that want something of sessions at a hub which cannot be
// heard: here they can at least begin anew. Others, in a call for example, lack nothing.
func (p *peer) giveUp(now time.Time) {
	for k := range p.doors {
		if d := k.door; len(d.ups) > 0 && now.Sub(d.unheard) >= silence {
			k.shut(closeGoingAway, "1")
		}
	}
}

// shutTunnelsLocked asks the clients of sessions here whose doors are elsewhere to go away.
func (h *Hub) shutTunnelsLocked() {
	if h.others == nil {
		return
	}
	for _, p := range h.others.peers {
		for r := range p.links {
			r.shut(closeGoingAway, h.away)
		}
	}
}

// beat lets other hubs hear of this one, and gives up the tunnels with those that are not
// heard.
func (h *Hub) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.forgetLingeringLocked()
	now, away := h.opts.Now(), h.others.Away()
	if site := h.onlineLocked(); site > 0 { // who comes here is a part of who comes
		h.pool.SetShare(float64(len(h.sessions)) / float64(site))
	}
	for node, p := range h.others.peers {
		quiet := now.Sub(p.heard)
		switch {
		case len(p.doors)+len(p.links) == 0:
			if quiet >= silence {
				delete(h.others.peers, node)
			}
			continue
		case away:
			p.heard = now
			p.giveUp(now)
			continue
		case quiet >= silence:
			h.lostLocked(p)
		}
		for r := range p.links {
			r.tellGot(1)
		}
		if p.behind {
			p.behind = false
			h.resyncLocked(p)
		}
		h.sendFrameLocked(node, &frame{Kind: frameBeat})
	}
}

// forgetLeft forgets where sessions have gone to, and which tokens were theirs.
func (h *Hub) forgetLeft() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.opts.Now()
	for id, d := range h.others.left {
		if !now.Before(d.until) {
			delete(h.others.left, id)
		}
	}
	for hash, at := range h.others.homes {
		if !at.until.IsZero() && !now.Before(at.until) {
			delete(h.others.homes, hash)
		}
	}
}
