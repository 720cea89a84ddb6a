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
// pion's read loop of the socket calls begin and next; ended and forgotten
// bracket what an allocation's goroutine does after its last read.
type requests struct {
	mu     sync.Mutex
	inside bool // the read loop's own
}

// begin is called when pion is about to get a request.
func (q *requests) begin() {
	q.mu.Lock()
	q.inside = true
}

// next is called when pion asks for the next request: the last one is handled.
func (q *requests) next() {
	if q.inside {
		q.inside = false
		q.mu.Unlock()
	}
}

const (
	allocateSuccess = 0x0103
	refreshSuccess  = 0x0104
	attrLifetime    = 0x000d
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
