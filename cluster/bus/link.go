package bus

import (
	"fmt"
	"sync"
	"time"
)

const (
	// mostLinks is how many nodes a bus knows at a time.
	mostLinks = 1024

	// linkLasts is how long a link without traffic is remembered. Then it begins anew, with
	// a greeting and a Gap.
	linkLasts = time.Hour
)

// link is all that a bus knows of one other node.
type link struct {
	name       string
	channel    string
	associated []byte

	wake chan struct{} // of its writer; has room for one

	mu     sync.Mutex // guards what follows
	last   time.Time  // that something was sent or heard
	stream stream
	out    outbox
	in     inbox
}

// peerLocked returns the process at the other end, as far as it is known.
func (l *link) peerLocked() Peer { return Peer{l.name, l.stream.now} }

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
	if len(b.links) >= mostLinks {
		return nil, ErrLinks
	}
	l = &link{name: name, channel: channel(name), wake: make(chan struct{}, 1), last: time.Now()}
	l.associated = associated(l.channel)
	l.out.next = b.floor
	b.links[name] = l
	return l, nil
}

// forget forgets links that were idle for long.
func (b *Bus) forget(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, l := range b.links {
		l.mu.Lock()
		if now.Sub(l.last) > linkLasts && !l.out.writing && !l.in.working {
			// A link that begins anew goes on after all numbers ever used: the
			// other side need not have forgotten.
			b.floor = max(b.floor, l.out.next)
			l.out.gone = true
			delete(b.links, name)
		}
		l.mu.Unlock()
	}
}
