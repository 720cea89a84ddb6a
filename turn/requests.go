package turn

import (
	"encoding/binary"
	"sync"
	"time"
)

// requests lets pion handle a socket's request or forget one of its
// allocations, never both at once. pion adds a permission to an allocation
// before it starts the permission's timer; closing the allocation in between is
// a nil pointer, and the end of the process.
//
// pion's read loop of the socket calls begin and next; relaySocket's readEnd and
// Close bracket what an allocation's goroutine does after its last read.
type requests struct {
	mu sync.Mutex

	// The read loop's own:
	inside     bool
	restore    uint16      // method that pion's error response gets, if not 0
	key        []byte      // that the request is signed with, nil if it is not
	allocating *sync.Mutex // held for an Allocate
}

// begin is called when pion is about to get what passed the gate of p.
func (q *requests) begin(p *pionListener, v verdict) {
	if v.family != 0 {
		p.allocating.Lock()
		p.family, q.allocating = v.family, &p.allocating
	}
	q.mu.Lock()
	q.inside, q.restore, q.key = true, v.restore, v.key
}

// next is called when pion asks for the next request: the last one is handled.
func (q *requests) next() {
	if q.inside {
		q.inside = false
		q.mu.Unlock()
	}
	if q.allocating != nil {
		q.allocating.Unlock()
		q.allocating = nil
	}
}

// outgoing looks at what pion sends to the client of a socket: the lifetime that
// it grants, and the error response whose method the gate had changed. Error
// responses come from the read loop only.
func (q *requests) outgoing(message []byte, granted func(time.Duration)) {
	if len(message) < stunHeader {
		return
	}
	switch binary.BigEndian.Uint16(message) {
	case allocateSuccess, refreshSuccess:
		if lifetime, ok := grantedLifetime(message); ok {
			granted(lifetime)
		}
	case allocateError:
		if q.restore != 0 {
			binary.BigEndian.PutUint16(message, messageType(q.restore, classError))
		}
	}
}

const (
	allocateSuccess = 0x0103
	refreshSuccess  = 0x0104
	allocateError   = 0x0113
)

// grantedLifetime finds the lifetime in a message that pion sends to a client,
// if it is a success response to Allocate or Refresh (RFC 8656 section 7).
func grantedLifetime(message []byte) (time.Duration, bool) {
	if len(message) < stunHeader {
		return 0, false
	}
	if t := binary.BigEndian.Uint16(message); t != allocateSuccess && t != refreshSuccess {
		return 0, false
	}
	for rest := message[stunHeader:]; len(rest) >= 4; {
		kind, length := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if padded := (length + 3) / 4 * 4; len(rest) < 4+padded {
			return 0, false
		}
		if kind == attrLifetime && length == 4 {
			return time.Duration(binary.BigEndian.Uint32(rest[4:])) * time.Second, true
		}
		rest = rest[4+(length+3)/4*4:]
	}
	return 0, false
}

// expiryLead is how long before pion's own timer an allocation is closed here:
// pion's timer does not wait for a request to be handled.
func expiryLead(lifetime time.Duration) time.Duration {
	return min(time.Second, lifetime/2)
}
