package match

import (
	"net/netip"
	"unique"

	"github.com/coder/websocket"
)

// link is the way to a session's client. Its methods are called with the hub's lock held,
// and do not wait for the client.
type link interface {
	// attach begins: the client has the messages of the session's outbox up to number ack.
	attach(s *session, ack uint64)
	// notify says that there is something new in the outbox.
	notify()
	// pingNow asks the client for an acknowledgement of what is queued.
	pingNow()
	// shut ends the link after what is queued. Only the first call counts.
	shut(code websocket.StatusCode, reason string)
	// supersede shuts a link whose session has a newer one. What follows number last is
	// for that.
	supersede(last uint64)
	// from is where the client's socket came from.
	from() origin
	// prefix is what tokens of sessions begin with whose sockets are where this one is;
	// empty: there is one hub only.
	prefix() string
}

// origin is where a socket came from.
type origin struct {
	addr netip.Addr
	port uint16                // 0: a proxy is between
	host unique.Handle[string] // as the client asked for it
	name string                // of the request that it came by, for the log; empty: it has none
}

func (o origin) from() origin { return o }
