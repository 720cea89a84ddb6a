package cluster

import (
	"time"

	"github.com/joingyd/joingyd/ident"
)

// OfferID names an offer, once: a session that waits again has another.
type OfferID [16]byte

// Offer is a session that waits at a node, for who finds it a partner at another.
type Offer struct {
	ID        OfferID
	Session   [16]byte
	Relay     string // that it is at
	Mode      string
	Languages []string   // at most 5; none: any
	Interests []string   // folded, the rarest first, at most 10
	IDF       []float32  // what each is worth, in nats
	Asks      [9]float32 // of a pair, in nats, after each eighth of Patience
	Patience  time.Duration
	Since     time.Time  // when it began to wait
	Recent    [][16]byte // sessions that it meets again only if nobody else is there
	Avoid     [][16]byte // sessions that it never meets
}

// Hub is the matchmaker as the cluster sees it. Its methods may be called at the same time,
// and wait for nothing but a lock under which they themselves may call a Member's.
type Hub interface {
	// Receive follows what another node's hub sent. Frames of one node come one at a time,
	// in their order, each once.
	Receive(node string, frame []byte)
	// Gap says that some were lost.
	Gap(node string)
	// Lost says that a node is no more.
	Lost(node string)
	// Propose has the session of an offer be paired with that of another, which was found at
	// a node. Either may be void by now: the other is offered again then, under another ID.
	Propose(own OfferID, node string, theirs OfferID)
	// Inherit takes over chats of another node's hub, which has ended.
	Inherit(chats []byte) error
	// Renew offers a session again, under another ID: this offer leads to nothing. A void one
	// is nothing to it.
	Renew(OfferID)
	// Rehoused says that sessions have got another relay: their clients are to be told.
	Rehoused([]ident.Session)
}
