package relay

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Kinds of message on the bus.
const (
	ToHost uint8 = 'R' // from a Home
	ToHome uint8 = 'r' // from a Host
)

// op says what a record is about. A message is a sequence of records:
//
//	byte op, uint16 size, body
//
// in big-endian. Who does not know an op passes over it, and over what a body has beyond
// what is read of it: so later versions can say more.
type op uint8

const (
	// To a Host:
	opAdmit   op = 1 // session, source
	opDismiss op = 2 // session
	opClose   op = 3 // session: its allocations
	opJoin    op = 4 // pair, session, session
	opPart    op = 5 // pair
	opRenew   op = 6 // digest
	opBegin   op = 7 // of the whole
	opEnd     op = 8 // of it: what was not said is no more

	// To a Home:
	opHeard     op = 33 // clock: a renewal came
	opAsk       op = 34 // for the whole
	opHolds     op = 35 // session, its allocations, its clients' addresses
	opConnected op = 36 // a pair is over under which media went both ways
)

// record is one of a message; op says which fields it has.
type record struct {
	op      op
	session ident.Session
	partner ident.Session
	pair    ident.Pair
	source  netip.Addr // zero: unknown
	digest  digest
	clock   time.Time
	relayed []netip.AddrPort
	clients []netip.Addr
}

const (
	maxBatch = 48 << 10 // bytes after which a message is sent; the bus takes 64 KiB
	maxList  = 255      // addresses of one kind in a record
)

var errRecord = errors.New("relay: a message from another node is malformed")

// appendTo appends the record to a message.
func (r record) appendTo(b []byte) []byte {
	b = append(b, byte(r.op), 0, 0)
	start := len(b)
	switch r.op {
	case opAdmit:
		b = appendAddr(append(b, r.session[:]...), r.source)
	case opDismiss, opClose:
		b = append(b, r.session[:]...)
	case opJoin:
		b = append(append(append(b, r.pair[:]...), r.session[:]...), r.partner[:]...)
	case opPart:
		b = append(b, r.pair[:]...)
	case opRenew:
		b = r.digest.appendTo(b)
	case opHeard:
		b = binary.BigEndian.AppendUint64(b, uint64(r.clock.UnixMilli()))
	case opHolds:
		b = append(b, r.session[:]...)
		relayed, clients := r.relayed[:min(len(r.relayed), maxList)], r.clients[:min(len(r.clients), maxList)]
		b = append(b, byte(len(relayed)))
		for _, addr := range relayed {
			b = binary.BigEndian.AppendUint16(appendAddr(b, addr.Addr()), addr.Port())
		}
		b = append(b, byte(len(clients)))
		for _, addr := range clients {
			b = appendAddr(b, addr)
		}
	}
	binary.BigEndian.PutUint16(b[start-2:], uint16(len(b)-start))
	return b
}

// next reads the first record of a message. One whose op is not known has nothing else.
func next(message []byte) (r record, rest []byte, err error) {
	if len(message) < 3 {
		return r, nil, errRecord
	}
	size := int(binary.BigEndian.Uint16(message[1:]))
	if len(message) < 3+size {
		return r, nil, errRecord
	}
	r.op = op(message[0])
	body := reader{left: message[3 : 3+size]}
	switch r.op {
	case opAdmit:
		r.session, r.source = ident.Session(body.id()), body.addr()
	case opDismiss, opClose:
		r.session = body.id()
	case opJoin:
		r.pair, r.session, r.partner = body.id(), body.id(), body.id()
	case opPart:
		r.pair = body.id()
	case opRenew:
		r.digest = body.digest()
	case opHeard:
		r.clock = time.UnixMilli(int64(body.uint64()))
	case opHolds:
		r.session = body.id()
		for range body.byte() {
			r.relayed = append(r.relayed, netip.AddrPortFrom(body.addr(), body.uint16()))
		}
		for range body.byte() {
			r.clients = append(r.clients, body.addr())
		}
	}
	if body.short {
		return record{}, nil, errRecord
	}
	return r, message[3+size:], nil
}

func appendAddr(b []byte, addr netip.Addr) []byte {
	raw := addr.Unmap().AsSlice()
	return append(append(b, byte(len(raw))), raw...)
}

// reader takes a body apart. What is missing reads as zeros, and it is short then.
type reader struct {
	left  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if len(r.left) < n {
		r.short, r.left = true, nil
		return make([]byte, n)
	}
	taken := r.left[:n]
	r.left = r.left[n:]
	return taken
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) id() [16]byte   { return [16]byte(r.take(16)) }

// addr reads an address of 0, 4 or 16 bytes.
func (r *reader) addr() netip.Addr {
	switch n := r.byte(); n {
	case 0:
		return netip.Addr{}
	case 4, 16:
		addr, _ := netip.AddrFromSlice(r.take(int(n)))
		return addr.Unmap()
	}
	r.short = true
	return netip.Addr{}
}
