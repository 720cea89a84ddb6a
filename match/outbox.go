package match

import (
	"slices"
	"sync"
)

const (
	maxUnacked      = 256       // messages
	maxUnackedBytes = 512 << 10 // bytes

	// So much of an outbox is out of a partner's reach, and kept for what the hub
	// and the client's own messages bring. What a partner sends past the rest, 192
	// messages or 448 KiB, is refused to it: nobody ends the other's session.
	//
	// One who reads everything owes less than pingMessages and pingBytes when a
	// message of its own arrives. A partner's burst on top of that, encoded, would
	// stay within the bounds even if none of it were refused:
	//
	//	owed                               64 KiB  pingBytes
	//	descriptions    8 × 36.5 KiB  =   292 KiB  32 KiB, and 2 bytes more for each of 2,040 line breaks
	//	texts          10 × 12.3 KiB  =   123 KiB  2,000 and 64 characters of 6 bytes at most
	//	candidates     30 ×  0.9 KiB  =    27 KiB  ufrag and usernameFragment have 256 bytes each at most
	//	                                  506 KiB
	//
	// Real descriptions have 4 to 12 KiB: a call is far from what is refused.
	keptMessages = 64
	keptBytes    = 64 << 10

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
	o.keepLocked(o.encodeLocked(m))
	return o.roomLocked(0, 0)
}

// offer is push for what comes from a partner: where it would take of what is
// kept for others, nothing happens, and offer returns false.
func (o *outbox) offer(m serverMessage) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	data := o.encodeLocked(m)
	if !o.roomLocked(1+keptMessages, len(data)+keptBytes) {
		return false
	}
	o.keepLocked(data)
	return true
}

// encodeLocked encodes m as the next message.
func (o *outbox) encodeLocked(m serverMessage) []byte {
	m.number(o.last + 1)
	if p, ok := m.(*prepared); ok {
		return p.encode()
	}
	return encode(m)
}

func (o *outbox) keepLocked(data []byte) {
	o.last++
	o.unacked = append(o.unacked, data)
	o.bytes += len(data)
}

func (o *outbox) roomLocked(messages, bytes int) bool {
	return len(o.unacked)+messages <= maxUnacked && o.bytes+bytes <= maxUnackedBytes
}

// copyNext copies the message that follows number seq into dst, or into a larger
// buffer in its place, and reports whether there is one. It is copied under the
// lock: once it is acknowledged, on another socket perhaps, its memory is zeroed.
func (o *outbox) copyNext(dst *buffer, seq uint64) (*buffer, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	dst.empty()
	oldest := o.last - uint64(len(o.unacked)) + 1
	if seq >= o.last || seq+1 < oldest {
		return dst, false
	}
	data := o.unacked[seq+1-oldest]
	dst = dst.room(len(data))
	dst.b = append(dst.b, data...)
	return dst, true
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
	o.forgetLocked(int(seq - forgotten))
	return true
}

// forget forgets all messages.
func (o *outbox) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forgetLocked(len(o.unacked))
}

// forgetLocked forgets the n oldest messages and zeroes their memory.
func (o *outbox) forgetLocked(n int) {
	for _, data := range o.unacked[:n] {
		o.bytes -= len(data)
		clear(data)
	}
	if o.unacked = slices.Delete(o.unacked, 0, n); len(o.unacked) == 0 {
		o.unacked = nil
	}
}

// take keeps the next message, which another outbox has numbered and encoded.
func (o *outbox) take(data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keepLocked(slices.Clone(data))
}

// all returns the number of the youngest message, and copies of those that are kept.
func (o *outbox) all() (last uint64, unacked [][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, data := range o.unacked {
		unacked = append(unacked, slices.Clone(data))
	}
	return o.last, unacked
}

// restore makes the outbox, which is new, one that has kept these messages, the youngest
// with number last.
func (o *outbox) restore(last uint64, unacked [][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last, o.unacked = last, unacked
	for _, data := range unacked {
		o.bytes += len(data)
	}
}

// inherit makes the outbox, which is new, what another was, which is empty then.
func (o *outbox) inherit(from *outbox) {
	from.mu.Lock()
	defer from.mu.Unlock()
	o.last, o.unacked, o.bytes = from.last, from.unacked, from.bytes
	from.unacked, from.bytes = nil, 0
}

// room reports whether so much more stays within the bounds.
func (o *outbox) room(messages, bytes int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.roomLocked(messages, bytes)
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
