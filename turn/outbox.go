package turn

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"
)

// outbox gathers what one reader's packets cause to be sent, until flush. It
// belongs to the goroutine that reads, and what it is given stays that
// goroutine's until then: nothing is copied on the way from a UDP socket to
// another.
type outbox struct {
	server   *Server
	counters *counters     // of the reader's transport
	index    int           // of the reader in its group, whose partner sockets it sends from
	now      time.Duration // Server.instant of the batch
	writers  []groupWriter // one for each UDP listener that was sent to
	spare    []byte        // for what is built anew
	brief    bool          // of a connection, of which there may be many: writers are borrowed
	packets  uint64        // relayed since the last flush
	bytes    uint64        // their application data
}

func newOutbox(l *listener, index int) *outbox {
	return &outbox{server: l.server, counters: l.counters, index: index}
}

type groupWriter struct {
	listener *listener
	batch    packetWriter
}

// newBriefOutbox is newOutbox for a connection: it keeps no memory between two
// flushes.
func newBriefOutbox(l *listener) *outbox {
	o := newOutbox(l, 0)
	o.brief = true
	return o
}

const spareSize = 16 << 10

// begin starts a batch.
func (o *outbox) begin() { o.now = o.server.instant() }

// scratch returns size bytes that stay as they are until flush.
func (o *outbox) scratch(size int) []byte {
	if len(o.spare)+size > cap(o.spare) {
		o.spare = make([]byte, 0, max(spareSize, size)) // what was handed out keeps its own
	}
	at := len(o.spare)
	o.spare = o.spare[:at+size]
	return o.spare[at : at+size : at+size]
}

// relay sends a frame with size bytes of application data from one allocation's
// client to another's.
func (o *outbox) relay(from, to *relay, frame []byte, size int) DropReason {
	if reason := o.send(to, frame); reason != "" {
		return reason
	}
	from.sent.add(size)
	to.received.add(size)
	o.packets++
	o.bytes += uint64(size)
	return ""
}

// send sends a frame to the client of an allocation.
func (o *outbox) send(to *relay, frame []byte) DropReason {
	if to.conn != nil {
		return to.conn.enqueue(frame)
	}
	o.writer(to.listener).add(to.source, to.local, frame)
	return ""
}

// writer returns the batch for the listener's socket that stands beside the
// reader's own.
func (o *outbox) writer(l *listener) packetWriter {
	for i := range o.writers {
		if o.writers[i].listener == l {
			return o.writers[i].batch
		}
	}
	var batch packetWriter
	if o.brief {
		batch = l.borrowWriter()
	} else {
		batch = l.sockets[o.index%len(l.sockets)].writer(l.counters)
	}
	o.writers = append(o.writers, groupWriter{l, batch})
	return batch
}

// flush sends what there is.
func (o *outbox) flush() {
	if o.packets != 0 { // before they leave: a client that has got one finds it counted
		o.counters.relayed(o.packets, o.bytes)
		o.packets, o.bytes = 0, 0
	}
	for i := range o.writers {
		o.writers[i].batch.flush()
	}
	if o.brief {
		for _, w := range o.writers {
			w.listener.writers.Put(w.batch)
		}
		clear(o.writers)
		o.writers, o.spare = o.writers[:0], nil
	}
	o.spare = o.spare[:0]
}

// dataIndication sends data to a client that has no channel for the sender (RFC
// 8656 section 11.4).
func (o *outbox) dataIndication(from, to *relay, data []byte) DropReason {
	const attributes = 12 + 4 // XOR-PEER-ADDRESS of IPv4, and the header of DATA
	padded := (len(data) + 3) / 4 * 4
	m := o.scratch(stunHeader + attributes + padded)
	binary.BigEndian.PutUint16(m, messageType(methodData, classIndication))
	binary.BigEndian.PutUint16(m[2:], uint16(attributes+padded))
	binary.BigEndian.PutUint32(m[4:], magicCookie)
	binary.BigEndian.PutUint64(m[8:], rand.Uint64())
	binary.BigEndian.PutUint32(m[16:], rand.Uint32())
	putXORPeer(m[stunHeader:], from.addr)
	binary.BigEndian.PutUint16(m[32:], attrData)
	binary.BigEndian.PutUint16(m[34:], uint16(len(data)))
	clear(m[36+copy(m[36:], data):])
	return o.relay(from, to, m, len(data))
}

// putXORPeer writes an XOR-PEER-ADDRESS of IPv4 (RFC 8489 section 14.2).
func putXORPeer(into []byte, peer netip.AddrPort) {
	ip := peer.Addr().As4()
	binary.BigEndian.PutUint16(into, attrXORPeerAddress)
	binary.BigEndian.PutUint16(into[2:], 8)
	binary.BigEndian.PutUint16(into[4:], familyIPv4)
	binary.BigEndian.PutUint16(into[6:], peer.Port()^magicCookie>>16)
	binary.BigEndian.PutUint32(into[8:], binary.BigEndian.Uint32(ip[:])^magicCookie)
}
