package bus

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mostLinks is how many nodes a bus knows at a time.
	mostLinks = 1024

	// linkIdle is how long a link has to be idle to make room for another. It begins anew
	// then, with a greeting and a Gap.
	linkIdle = 10 * time.Minute
)

// link is all that a bus knows of one other node.
type link struct {
	name       string
	channel    string
	associated []byte

	wake chan struct{} // of its writer; has room for one

	answering atomic.Int32 // questions of it

	mu     sync.Mutex // guards what follows
	last   time.Time  // that something was sent or heard
	gone   bool       // it was forgotten
	stream stream
	out    outbox
	in     inbox
}

// peerLocked returns the process at the other end, as far as it is known.
func (l *link) peerLocked() Peer { return Peer{l.name, l.stream.now} }

// lockedLink returns the link to a node, a new one if there is none, with its lock taken.
func (b *Bus) lockedLink(name string) (*link, error) {
	for {
		l, err := b.link(name)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		if !l.gone {
			return l, nil
		}
		l.mu.Unlock() // it was forgotten just now
	}
}

// link returns the link to a node, a new one if there is none.
func (b *Bus) link(name string) (*link, error) {
	b.mu.RLock()
	l := b.links[name]
	b.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	if name == b.self.Name {
		return nil, fmt.Errorf("bus: node %s is this one; a message to oneself needs no bus", name)
	}
	if err := checkName(name); err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.links[name]; l != nil {
		return l, nil
	}
	if len(b.links) >= mostLinks && !b.forgetLocked(time.Now()) {
		return nil, ErrLinks
	}
	l = &link{name: name, channel: channel(name), wake: make(chan struct{}, 1), last: time.Now()}
	l.associated = associated(l.channel)
	l.out.next = b.floor
	b.links[name] = l
	return l, nil
}

// forgetLocked forgets the link that was idle for longest, and reports whether there was one. Until
// there is no more room none is forgotten: who it was, and what was heard of it, keeps others from saying
// that again.
func (b *Bus) forgetLocked(now time.Time) bool {
	var oldest *link
	var last time.Time
	for _, l := range b.links {
		l.mu.Lock()
		if now.Sub(l.last) >= linkIdle && !l.out.writing && !l.in.working && (oldest == nil || l.last.Before(last)) {
			oldest, last = l, l.last
		}
		l.mu.Unlock()
	}
	if oldest == nil {
		return false
	}
	oldest.mu.Lock()
	defer oldest.mu.Unlock()
	if oldest.out.writing || oldest.in.working { // just now
		return false
	}
	// A link that begins anew goes on after all numbers ever used: the other side need not
	// have forgotten.
	b.floor = max(b.floor, oldest.out.next)
	oldest.gone = true
	delete(b.links, oldest.name)
	return true
}
