package match

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// Cluster is the other hubs of a site, as one of them sees them: each is a node, with a
// name. Its methods are called with the hub's lock held: they must not block and not call
// the hub.
//
// A session lives in one hub, its home. Where its socket is at another, that is its door,
// and the two pass on what client and session have to tell each other, in a tunnel of
// frames. A session that waits may move to another hub, to be paired there: see move.go.
type Cluster interface {
	// Node is this hub's name.
	Node() string
	// Tag stands for this hub in its resume tokens, which clients see.
	Tag() string
	// Tagged returns whose tag that is, if it is a live node's.
	Tagged(tag string) (node string, ok bool)
	// Nodes are the other live nodes.
	Nodes() []string
	// Open are those of Nodes that take sessions: they are not drained.
	Open() []string
	// Online is how many sessions the others have.
	Online() int
	// Away reports whether nothing can be heard of any other, so that silence says nothing of
	// them.
	Away() bool

	// Send passes a frame to another hub's Receive, and keeps no hold of it. Frames of one
	// hub to another come in their order and once. They may be lost: then Gap is called there
	// before the next that comes.
	Send(node string, frame []byte)

	// Offer says that a session waits, and may be paired with one of another hub: see
	// Hub.Propose.
	Offer(Offer)
	// Withdraw says that an offer is void.
	Withdraw(OfferID)
	// Taken is Withdraw for an offer that somebody's search has found, and taken out.
	Taken(OfferID)
}

// OfferID names an offer, once: a session that waits again has another.
type OfferID [16]byte

// String returns the printed form.
func (id OfferID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler.
func (id OfferID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (id *OfferID) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(id) {
		return hex.ErrLength
	}
	_, err := hex.Decode(id[:], text)
	return err
}

// Offer is a session that waits, for who finds it a partner among those of other hubs.
type Offer struct {
	ID            OfferID
	Session       ident.Session
	Mode          pool.Mode
	Languages     []string        // empty: any
	Interests     []string        // folded, the rarest first
	IDF           []float32       // what each is worth, in nats
	Asks          [9]float32      // of a pair, in nats, after each eighth of the patience
	Waited        time.Duration   // so far
	Recent, Avoid []ident.Session // met again only if nobody else is there; never
}

// ClusterStats are the counts of what other hubs had to do with this one's sessions; all but
// the first two count since the start.
type ClusterStats struct {
	Doors   int // sockets here whose sessions are elsewhere
	Tunnels int // sessions here whose sockets are elsewhere

	Moves    map[string]uint64 // by what became of them: see MoveOutcomes
	Seeks    map[string]uint64 // sessions that were looked for elsewhere: see SeekOutcomes
	Resyncs  uint64            // tunnels of which something was sent again
	Lost     uint64            // tunnels that ended because the other hub was not heard
	Unusable uint64            // frames
}

// others is what a hub knows of other hubs. The hub's lock guards it.
type others struct {
	Cluster
	self      string
	offers    map[OfferID]*session // that wait
	moves     map[OfferID]*session // that wait for an answer of a hub, by their last offer
	guests    map[ident.Session]*guest
	peers     map[string]*peer
	doors     map[tunnel]*socket
	left      map[ident.Session]*departed
	lingering []lingering // the oldest first
	homes     map[resumeHash]home
	seeks     map[uint64]*seek
	asked     uint64 // number of the last that was sought
	stats     ClusterStats
}

// tunnel names what frames belong to: a session, and which of its links. An epoch is higher
// than those before of the same session.
type tunnel struct {
	session ident.Session
	epoch   uint32
}

// abroad is what a session has to do with other hubs. The hub's lock guards it.
type abroad struct {
	epoch  uint32      // the highest that a link of it had, or was promised
	offer  OfferID     // zero: it is not offered
	move   *move       // under way; nil: none
	failed int         // moves of its ticket that came to nothing
	later  *time.Timer // when it is offered again, after those
	busy   bool        // a message of its client is being followed
}

func newOthers(c Cluster) *others {
	if c == nil {
		return nil
	}
	o := &others{
		Cluster: c,
		self:    c.Node(),
		offers:  make(map[OfferID]*session),
		moves:   make(map[OfferID]*session),
		guests:  make(map[ident.Session]*guest),
		peers:   make(map[string]*peer),
		doors:   make(map[tunnel]*socket),
		left:    make(map[ident.Session]*departed),
		homes:   make(map[resumeHash]home),
		seeks:   make(map[uint64]*seek),
	}
	o.stats.Moves, o.stats.Seeks = make(map[string]uint64), make(map[string]uint64)
	for _, outcome := range MoveOutcomes() {
		o.stats.Moves[outcome] = 0
	}
	for _, outcome := range SeekOutcomes() {
		o.stats.Seeks[outcome] = 0
	}
	return o
}

// onlineLocked is how many sessions the site has.
func (h *Hub) onlineLocked() int {
	if h.others == nil {
		return len(h.sessions)
	}
	return len(h.sessions) + h.others.Online()
}

// tag is what the tokens of sessions begin with whose sockets are at this hub.
func (h *Hub) tag() string {
	if h.others == nil {
		return ""
	}
	return h.others.Tag()
}

const (
	leastPause = 100 * time.Millisecond // before an offer after one that came to nothing; twice as long after each more
	mostPauses = 5                      // of those
)

// offerLocked offers a session that waits in this hub's pool. After moves that came to nothing
// it lets some time pass: what was in the way may be still.
func (h *Hub) offerLocked(s *session) {
	if h.others == nil || s.abroad == nil || !s.ticket.Waiting() {
		return
	}
	h.withdrawLocked(s)
	if h.emptyingLocked() {
		return // it is about to move anyway
	}
	if s.abroad.failed == 0 {
		h.offerNowLocked(s)
		return
	}
	t := s.ticket
	s.abroad.later = time.AfterFunc(leastPause<<min(s.abroad.failed-1, mostPauses), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.closed && s.ticket == t && t.Waiting() && s.abroad.offer == (OfferID{}) {
			h.offerNowLocked(s)
		}
	})
}

func (h *Hub) offerNowLocked(s *session) {
	rand.Read(s.abroad.offer[:])
	h.others.offers[s.abroad.offer] = s
	h.others.Offer(h.describeOfferLocked(s))
}

func (h *Hub) describeOfferLocked(s *session) Offer {
	t := s.ticket
	terms := t.Terms()
	return Offer{
		ID: s.abroad.offer, Session: s.id, Mode: t.Mode, Languages: t.Languages, Interests: terms.Interests, IDF: terms.IDF, Asks: terms.Worth,
		Waited: max(0, h.opts.Now().Sub(t.Since)), Recent: t.Recent, Avoid: t.Avoid,
	}
}

// withdrawLocked takes back the session's offer, if there is one.
func (h *Hub) withdrawLocked(s *session) {
	if id := h.endOfferLocked(s); id != (OfferID{}) {
		h.others.Withdraw(id)
	}
}

// takenLocked is withdrawLocked for an offer that was found.
func (h *Hub) takenLocked(s *session) {
	if id := h.endOfferLocked(s); id != (OfferID{}) {
		h.others.Taken(id)
	}
}

// endOfferLocked returns the offer that the session had, if there was one.
func (h *Hub) endOfferLocked(s *session) (id OfferID) {
	if s.abroad == nil {
		return id
	}
	if s.abroad.later != nil {
		s.abroad.later.Stop()
		s.abroad.later = nil
	}
	id, s.abroad.offer = s.abroad.offer, OfferID{}
	delete(h.others.offers, id)
	return id
}

// clusterStatsLocked is the zero value without a cluster.
func (h *Hub) clusterStatsLocked() (stats ClusterStats) {
	if h.others == nil {
		return stats
	}
	stats = h.others.stats
	stats.Moves, stats.Seeks = byName(stats.Moves), byName(stats.Seeks)
	stats.Doors = len(h.others.doors)
	for _, p := range h.others.peers {
		stats.Tunnels += len(p.links)
	}
	return stats
}
