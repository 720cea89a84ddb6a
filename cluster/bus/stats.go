package bus

import (
	"sync/atomic"
	"time"
)

// Stats of a Bus at one moment. Frames have several messages when there is much to say, and
// none when they greet, mark or beat.
type Stats struct {
	Frames, FramesReceived     uint64 // published, with those that failed; heard
	Bytes, BytesReceived       uint64 // of those
	Messages, MessagesReceived uint64 // that a listener was there for; that were new

	Failed  uint64 // frames that Redis did not take in time
	Unheard uint64 // frames that nobody listened to

	Dropped  Dropped
	Repeated uint64 // messages that were heard twice, or too late
	Unopened uint64 // frames that were sealed with another key or spoilt
	Gaps     uint64 // calls of Gap

	Subscribed uint64        // times that the subscription began
	Deaf       uint64        // times that it was given up because it was good for nothing
	Listening  bool          // now
	Beat       time.Duration // that a frame took to Redis and back, of late; 0: none did yet
	Twins      uint64        // frames from another process with this node's name

	Links        int // nodes that are known
	Queued       int // bytes that wait to be written
	QueuedLink   int // of the link with most
	Waiting      int // bytes that wait for Handler
	WaitingLink  int // of the link with most
	WaitingAsked int // questions that wait for an answer
}

// Dropped are messages that were dropped, by why.
type Dropped struct {
	Full      uint64 // no room in the queue: ErrFull
	Expired   uint64 // 2 s without Redis, a listener or an answer to a greeting
	Restarted uint64 // the process that they were for is no more
	Foreign   uint64 // heard, for another process
	Slow      uint64 // heard, no room in the inbox, or for one node more
}

// counts are what only ever grows.
type counts struct {
	framesOut, framesIn, bytesOut, bytesIn, sent, received atomic.Uint64
	failed, unheard                                        atomic.Uint64
	full, expired, restarted, foreign, overflowed          atomic.Uint64
	repeated, unopened, gaps                               atomic.Uint64
	subscribed, deaf, twins                                atomic.Uint64
}

// Stats returns what was counted so far, and what waits.
func (b *Bus) Stats() Stats {
	c := &b.counts
	s := Stats{
		Frames: c.framesOut.Load(), FramesReceived: c.framesIn.Load(),
		Bytes: c.bytesOut.Load(), BytesReceived: c.bytesIn.Load(),
		Messages: c.sent.Load(), MessagesReceived: c.received.Load(),
		Failed: c.failed.Load(), Unheard: c.unheard.Load(),
		Dropped: Dropped{
			Full: c.full.Load(), Expired: c.expired.Load(), Restarted: c.restarted.Load(),
			Foreign: c.foreign.Load(), Slow: c.overflowed.Load(),
		},
		Repeated: c.repeated.Load(), Unopened: c.unopened.Load(), Gaps: c.gaps.Load(),
		Subscribed: c.subscribed.Load(), Deaf: c.deaf.Load(), Twins: c.twins.Load(),
	}
	s.Listening, s.Beat = b.listening.stats()
	b.asking.Lock()
	s.WaitingAsked = len(b.questions)
	b.asking.Unlock()
	b.mu.RLock()
	defer b.mu.RUnlock()
	s.Links = len(b.links)
	for _, l := range b.links {
		l.mu.Lock()
		s.Queued += l.out.bytes
		s.QueuedLink = max(s.QueuedLink, l.out.bytes)
		s.Waiting += l.in.bytes
		s.WaitingLink = max(s.WaitingLink, l.in.bytes)
		l.mu.Unlock()
	}
	return s
}

// Listening reports whether what other nodes say is heard: Stats.Listening, without the rest.
func (b *Bus) Listening() bool {
	confirmed, _ := b.listening.stats()
	return confirmed
}

func (s *listening) stats() (confirmed bool, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.confirmed, s.took
}
