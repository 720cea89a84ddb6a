package bus

import (
	"sync"
	"time"
)

const (
	messageLasts = 2 * time.Second // that a message looks for its way
	markLasts    = time.Minute     // that a mark is tried while nobody listens

	firstPause = 50 * time.Millisecond // after what failed; doubled each time
	lastPause  = 500 * time.Millisecond
)

// outbox is what goes out over a link.
type outbox struct {
	next   uint64   // number of the next message
	queue  []*batch // each goes out as one frame
	flying *batch   // with the writer
	bytes  int      // of both
	cut    bool     // the next message follows none in the queue

	lost    uint64      // the number after the last that was dropped, until the other side can know; 0: none
	greeter Incarnation // wants a mark; zero: nobody does

	writing bool // the link has a writer
	replied bool // the last step was a reply

	tries   int       // that failed since the last that did not
	retryAt time.Time // not before
	unheard time.Time // since when nobody listens; zero: not so
}

// batch is a frame of messages with numbers in a row.
type batch struct {
	first  uint64
	count  int
	born   time.Time // of its first message
	frame  []byte    // begun by appendHead
	size   int       // of the frame before it was sealed
	sealed bool
	lent   bool // a publish failed, which may still read the frame
}

func (b *batch) end() uint64 { return b.first + uint64(b.count) }

// batches are those that were sent.
var batches = sync.Pool{New: func() any { return &batch{frame: make([]byte, 0, 4<<10)} }}

func (b *batch) recycle() {
	if b.lent || cap(b.frame) > frameFull+MaxPayload {
		return
	}
	batches.Put(b)
}

// appendLocked numbers a message and queues it, if there is room for it in so many bytes.
func (l *link) appendLocked(m message, self string, most int, now time.Time) bool {
	o, size := &l.out, m.size()
	number := o.next
	o.next++
	var last *batch
	if n := len(o.queue); n > 0 && !o.cut && len(o.queue[n-1].frame)+size <= frameFull {
		last = o.queue[n-1]
	}
	need := size
	if last == nil {
		need += clearSize + headSize + len(self)
	}
	if o.bytes+need > most {
		o.cut, o.lost = true, o.next
		return false
	}
	if last == nil {
		last = batches.Get().(*batch)
		*last = batch{first: number, born: now, frame: appendHead(last.frame[:0], Incarnation{}, number, self)}
		o.queue, o.cut = append(o.queue, last), false
	}
	last.frame = m.appendTo(last.frame)
	last.size = len(last.frame)
	last.count++
	o.bytes += need
	return true
}

// dropLocked drops what a batch has, and returns how many messages that were.
func (o *outbox) dropLocked(dropped *batch) int {
	o.bytes -= dropped.size
	o.lost = max(o.lost, dropped.end())
	return dropped.count
}

// expireLocked drops messages that found no way, and returns how many.
func (o *outbox) expireLocked(now time.Time) (n int) {
	if o.flying != nil && now.Sub(o.flying.born) >= messageLasts {
		n += o.dropLocked(o.flying)
		o.flying = nil
	}
	for len(o.queue) > 0 && now.Sub(o.queue[0].born) >= messageLasts {
		n += o.dropLocked(o.queue[0])
		o.queue = o.queue[1:]
	}
	return n
}

// restartLocked begins anew with another process: what was meant for the one before is
// dropped. It returns how many messages that were.
func (o *outbox) restartLocked() (n int) {
	if o.flying != nil {
		n += o.dropLocked(o.flying)
	}
	for _, b := range o.queue {
		n += o.dropLocked(b)
	}
	o.flying, o.queue, o.cut = nil, nil, true
	o.lost = 0 // the other side calls Gap at the first it hears
	return n
}

// pendingLocked returns the number of the first message that is not known to have gone out.
func (o *outbox) pendingLocked() uint64 {
	switch {
	case o.flying != nil:
		return o.flying.first
	case len(o.queue) > 0:
		return o.queue[0].first
	}
	return o.next
}

// failedLocked waits before the next try.
func (o *outbox) failedLocked(now time.Time) {
	o.retryAt = now.Add(min(firstPause<<min(o.tries, 8), lastPause))
	o.tries++
}

// workedLocked tries the next at once.
func (o *outbox) workedLocked() {
	o.tries, o.retryAt, o.unheard = 0, time.Time{}, time.Time{}
}
