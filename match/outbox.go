package match

import (
	"encoding/json"
	"sync"
)

const (
	maxUnacked      = 256       // messages
	maxUnackedBytes = 512 << 10 // bytes

	// maxMatched is more than a `matched` takes: ten interests of 32 characters,
	// each escaped to six bytes at most, and what stands around them.
	maxMatched = 8 << 10 // bytes
)

// outbox numbers a session's messages and keeps each until the client is known
// to have it, so that a resumed session loses and doubles nothing. It is bounded:
// past its bounds the client is too slow to keep.
type outbox struct {
	mu      sync.Mutex
	last    uint64   // number of the youngest message
	unacked [][]byte // encoded, the youngest last
	bytes   int
}

// push numbers and keeps m. It reports whether the outbox is still within its
// bounds.
func (o *outbox) push(m serverMessage) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last++
	m.number(o.last)
	data, err := json.Marshal(m)
	if err != nil {
		panic("match: " + err.Error()) // our own types: cannot happen
	}
	o.unacked = append(o.unacked, data)
	o.bytes += len(data)
	return len(o.unacked) <= maxUnacked && o.bytes <= maxUnackedBytes
}

// after returns the message that follows number seq, if there is one.
func (o *outbox) after(seq uint64) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	oldest := o.last - uint64(len(o.unacked)) + 1
	if seq >= o.last || seq+1 < oldest {
		return nil, false
	}
	return o.unacked[seq+1-oldest], true
}

// ack forgets messages up to number seq, which the client has. It reports
// whether seq is a number that can be gone on from: not of the future, and
// nothing after it forgotten.
func (o *outbox) ack(seq uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	forgotten := o.last - uint64(len(o.unacked))
	if seq > o.last || seq < forgotten {
		return false
	}
	for _, data := range o.unacked[:seq-forgotten] {
		o.bytes -= len(data)
	}
	o.unacked = append(o.unacked[:0:0], o.unacked[seq-forgotten:]...)
	return true
}

// room reports whether so much more stays within the bounds.
func (o *outbox) room(messages, bytes int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.unacked)+messages <= maxUnacked && o.bytes+bytes <= maxUnackedBytes
}

// newest returns the number of the youngest message.
func (o *outbox) newest() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// pending returns how many messages wait for an acknowledgement.
func (o *outbox) pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.unacked)
}
