package match

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"
)

// seekTime is how long other hubs have to say whether they know a token, each time they are
// asked: first the one that is likely to, then all others.
const seekTime = time.Second

// What became of the search for a token's session.
const (
	seekFound  = "found"
	seekNobody = "nobody" // knows it
	seekLate   = "late"   // not all asked said so
)

// SeekOutcomes lists what ClusterStats.Seeks counts.
func SeekOutcomes() []string { return []string{seekFound, seekNobody, seekLate} }

// seek is a socket that waits for other hubs to say whether its session is with them. The
// hub's lock guards it.
type seek struct {
	k     *socket
	asked map[string]struct{} // that have not answered
	found bool
	agree bool          // one of them has the session's chat, and wants to know of consent first
	done  chan struct{} // closed when found, or nobody is left to answer
}

// tokenTag returns what a resume token begins with; empty: it is of a hub without others.
func tokenTag(token string) string {
	tag, _, tagged := strings.Cut(token, ".")
	if !tagged {
		return ""
	}
	return tag
}

// mustSeekLocked reports whether the session of m's token may be with another hub.
func (h *Hub) mustSeekLocked(k *socket, m clientMessage) bool {
	return h.others != nil && m.Resume != "" && !k.stranger.sought && tokenTag(m.Resume) != ""
}

// seek looks for the session of m's token at other hubs, and reports whether k is its door
// now. It waits for them; the socket's reader has nothing else to do.
func (h *Hub) seek(k *socket, m clientMessage, languages []string) bool {
	k.stranger.sought = true
	h.mu.Lock()
	defer h.mu.Unlock()
	hash := sha256.Sum256([]byte(m.Resume))
	nodes := h.likelyLocked(hash, m.Resume)
	outcome := seekNobody
	var asked []string
	for range 2 {
		if len(nodes) > 0 {
			sk := h.askNodesLocked(k, m, languages, hash, nodes)
			if sk.found {
				h.others.stats.Seeks[seekFound]++
				return true
			}
			if len(sk.asked) > 0 {
				outcome = seekLate
			}
			k.stranger.again = k.stranger.again || sk.agree
			asked = append(asked, nodes...)
		}
		nodes = slices.DeleteFunc(slices.Clone(h.others.Nodes()), func(node string) bool { return slices.Contains(asked, node) })
	}
	h.others.stats.Seeks[outcome]++
	return false
}

// likelyLocked returns the hub that is likely to know a token: its session's home, where the
// last door was here; else the last door.
func (h *Hub) likelyLocked(hash resumeHash, token string) []string {
	node, live := h.others.Tagged(tokenTag(token))
	if at, known := h.others.homes[hash]; known {
		node, live = at.node, slices.Contains(h.others.Nodes(), at.node)
	}
	if !live || node == h.others.self {
		return nil
	}
	return []string{node}
}

// askNodesLocked asks hubs for a token's session, and waits for what they say. The lock is given
// free meanwhile.
func (h *Hub) askNodesLocked(k *socket, m clientMessage, languages []string, hash resumeHash, nodes []string) *seek {
	sk := &seek{k: k, asked: make(map[string]struct{}), done: make(chan struct{})}
	h.others.asked++
	number := h.others.asked
	h.others.seeks[number] = sk
	f := &frame{Kind: frameResume, Request: number, Hash: hash[:], Ack: m.Ack, Tag: h.tag(), From: k.whence(), Languages: languages, Visitor: k.stranger.kind}
	if m.Consent != nil && m.Consent.Adult {
		f.Policy = m.Consent.Policy
	}
	for _, node := range nodes {
		sk.asked[node] = struct{}{}
		h.sendFrameLocked(node, f)
	}
	h.mu.Unlock()
	late := time.NewTimer(seekTime)
	select {
	case <-sk.done:
	case <-late.C:
	}
	late.Stop()
	h.mu.Lock()
	delete(h.others.seeks, number)
	return sk
}

// onResumeLocked gives a session its new door, if it is here; a hub that was its door before
// passes the question on.
func (h *Hub) onResumeLocked(node string, f *frame) {
	if f.Node != "" {
		node = f.Node // that asked first
	}
	answer := &frame{Kind: frameNotFound, Request: f.Request}
	if len(f.Hash) != sha256.Size || f.From == nil || node == h.others.self {
		return
	}
	hash := resumeHash(f.Hash)
	s := h.resumable[hash]
	if at, known := h.others.homes[hash]; s == nil && known && f.Node == "" && at.node != node && h.handedAsLocked(hash) == nil {
		passed := *f
		passed.Node = node
		h.sendFrameLocked(at.node, &passed)
		return
	}
	r := &remote{origin: f.From.origin(), hub: h, node: node, token: f.Tag}
	if !h.resumeAtLocked(s, hash, r, f) {
		if policy := h.live.Load().Policy; f.Policy != policy && h.handedAsLocked(hash) != nil {
			answer.Policy = policy
		}
		h.sendFrameLocked(node, answer)
		return
	}
	answer = r.frame(frameFound)
	answer.Request, answer.Ack, answer.Hash = f.Request, f.Ack, r.session.resume[:]
	h.sendFrameLocked(node, answer)
	r.begin(f.Ack)
}

// resumeAtLocked gives the session of a token its new link, or one that was handed over to
// this hub by the one before.
func (h *Hub) resumeAtLocked(s *session, hash resumeHash, r *remote, f *frame) bool {
	var handed *handed
	if s == nil {
		handed = h.handedAsLocked(hash)
	}
	if ban, banned := h.opts.Banned(r.addr, UseSite); banned {
		h.denied[deniedBan]++
		if s != nil {
			h.banLocked(s, ban)
		}
		if handed != nil {
			h.banHandedLocked(handed, ban)
		}
		return false
	}
	switch {
	case s != nil:
		return h.resumeLocked(s, r, f.Ack)
	case handed == nil, f.Policy == "", f.Policy != h.live.Load().Policy, h.crowdedLocked(addressKey(r.addr)) > 0:
		return false
	}
	return h.takeBackLocked(handed, r, f.Ack, f.Languages, f.Visitor)
}

// onFoundLocked makes the socket that waits for it the door of a session that was found.
func (h *Hub) onFoundLocked(node string, f *frame) {
	sk := h.others.seeks[f.Request]
	if sk == nil || sk.found || len(f.Hash) != sha256.Size || sk.k.isShutting() {
		h.sendFrameLocked(node, &frame{Kind: frameGone, Session: f.Session, Epoch: f.Epoch})
		return
	}
	k := sk.k
	d := newDoor(f.Session, f.Epoch, node, resumeHash(f.Hash))
	d.out.restore(f.Ack, nil)
	h.openDoorLocked(k, d)
	k.start(f.Ack)
	sk.found = true
	close(sk.done)
}

func (h *Hub) onNotFoundLocked(node string, f *frame) {
	sk := h.others.seeks[f.Request]
	if sk == nil || sk.found {
		return
	}
	sk.agree = sk.agree || f.Policy != ""
	if len(sk.asked) == 1 { // it may have passed the question on
		clear(sk.asked)
	}
	if delete(sk.asked, node); len(sk.asked) == 0 {
		select {
		case <-sk.done:
		default:
			close(sk.done)
		}
	}
}
