package turn

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/pion/stun/v2"
)

// The gate looks at everything that clients send before pion does, and answers
// or drops what pion would get wrong:
//
//   - what is not a whole STUN message or ChannelData, and attributes of the
//     wrong size, never reach pion; nor does what follows MESSAGE-INTEGRITY
//   - requests for an allocation that is not there are answered with 437, those
//     with bad credentials with 401 and a nonce, those of another user on a live
//     5-tuple with 441, denied peers with 403, other transports than UDP with
//     442: pion says nothing, 400, 401, an error without a code, or yes
//   - permissions, channels, allocations and unauthenticated answers are bounded
//
// What passes is authenticated and granted. In open mode pion carries it out, and
// checks it once more; the masked relay does it itself (respond.go).

// verdict is what becomes of a message: it passes, is answered, or is dropped.
type verdict struct {
	pass    []byte
	answer  []byte
	drop    DropReason
	restore uint16 // method to put into pion's error response, if not 0
	family  byte   // of the relayed transport address, if an Allocate passes

	key      []byte // that the request is signed with
	username string // whose it is

	stranger bool // the answer goes to a client that has not authenticated
}

// isChannelData reports whether the frame claims to be ChannelData.
func isChannelData(frame []byte) bool { return len(frame) > 0 && frame[0]>>6 == 1 }

// channelDataSize returns the length of application data that a ChannelData
// message claims, if it has as much (RFC 8656 section 12.4).
func channelDataSize(frame []byte) (size int, ok bool) {
	if len(frame) < channelHeader {
		return 0, false
	}
	size = int(binary.BigEndian.Uint16(frame[2:]))
	return size, size <= len(frame)-channelHeader
}

// gate judges one datagram or frame. It may change frame in place. What may be
// granted is granted when it returns.
func (l *listener) gate(frame []byte, client netip.AddrPort) verdict {
	if isChannelData(frame) {
		return l.gateChannelData(frame, client)
	}
	m, ok := parseMessage(frame)
	if !ok {
		return verdict{drop: DropMalformed}
	}
	switch {
	case m.class == classIndication && m.method == methodSend:
		return l.gateSend(m, client)
	case m.class != classRequest:
		return verdict{drop: DropMalformed}
	case m.method == methodBinding:
		return l.gateBinding(m, client)
	case m.method == methodAllocate, m.method == methodRefresh, m.method == methodCreatePermission, m.method == methodChannelBind:
		return l.gateRequest(m, client)
	}
	return verdict{drop: DropMalformed}
}

// gateChannelData checks the length that ChannelData claims: pion would pad it
// with what its buffer happens to hold.
func (l *listener) gateChannelData(frame []byte, client netip.AddrPort) verdict {
	if _, ok := channelDataSize(frame); !ok {
		return verdict{drop: DropMalformed}
	}
	if !l.hasAllocation(client) {
		return verdict{drop: DropNoAllocation}
	}
	return verdict{pass: frame}
}

func (l *listener) gateSend(m message, client netip.AddrPort) verdict {
	if _, ok := m.get(attrData); !ok || !m.wellFormed() {
		return verdict{drop: DropMalformed}
	}
	if peers, ok := m.peers(); !ok || len(peers) != 1 {
		return verdict{drop: DropMalformed}
	}
	if !l.hasAllocation(client) {
		return verdict{drop: DropNoAllocation}
	}
	return verdict{pass: m.raw}
}

func (l *listener) gateBinding(m message, client netip.AddrPort) verdict {
	if !l.mayAnswer(client) {
		return verdict{drop: DropUnanswered}
	}
	return verdict{pass: m.truncate(), stranger: true}
}

func (l *listener) gateRequest(m message, client netip.AddrPort) verdict {
	if m.integrity == 0 {
		if !l.mayAnswer(client) {
			return verdict{drop: DropUnanswered}
		}
		return l.challenge(m, stun.CodeUnauthorized)
	}
	username, hasUsername := m.get(attrUsername)
	realm, hasRealm := m.get(attrRealm)
	nonce, hasNonce := m.get(attrNonce)
	if !hasUsername || !hasRealm || !hasNonce {
		if !l.mayAnswer(client) {
			return verdict{drop: DropUnanswered}
		}
		v := refuse(m, nil, stun.CodeBadRequest)
		v.stranger = true
		return v
	}
	key, standing := l.credential(m, string(username), string(realm), client)
	if standing == standingUnknown {
		l.counters.auth(false)
		if !l.server.answers.allow(l.server.now(), client.Addr()) { // a guess, on whatever transport
			return verdict{drop: DropUnanswered}
		}
		return l.challenge(m, stun.CodeUnauthorized)
	}
	if l.pion == nil && !l.server.nonces.fresh(l.server.instant(), nonce) {
		if !l.mayAnswer(client) {
			return verdict{drop: DropUnanswered}
		}
		return l.challenge(m, stun.CodeStaleNonce)
	}
	l.counters.auth(true)
	m = message{m.truncate(), m.method, m.class, m.integrity}
	if !m.wellFormed() {
		return refuse(m, key, stun.CodeBadRequest)
	}
	if unknown := unknownAttributes(m); len(unknown) > 0 {
		return refuse(m, key, stun.CodeUnknownAttribute, unknown)
	}
	if standing == standingWrong && m.method != methodAllocate {
		return refuse(m, key, stun.CodeWrongCredentials)
	}
	if m.method == methodAllocate {
		return l.gateAllocate(m, key, string(username), client)
	}
	r := l.allocation(client)
	if r == nil {
		return refuse(m, key, stun.CodeAllocMismatch)
	}
	if m.method == methodRefresh {
		return verdict{pass: m.raw, key: key}
	}
	return l.gatePeers(m, key, r)
}

// gateAllocate checks what an Allocate asks for (RFC 8656 section 7.2).
func (l *listener) gateAllocate(m message, key []byte, username string, client netip.AddrPort) verdict {
	transport, ok := m.get(attrRequestedTransport)
	_, hasToken := m.get(attrReservationToken)
	even, hasEven := m.get(attrEvenPort)
	family := byte(familyIPv4)
	asked, hasFamily := m.get(attrRequestedFamily)
	if hasFamily {
		family = asked[0]
	}
	switch live := l.allocation(client); {
	case live != nil && live.username == username:
		return verdict{pass: m.raw, key: key, username: username} // a retransmission, or 437
	case live != nil:
		return refuse(m, key, stun.CodeAllocMismatch)
	case !ok:
		return refuse(m, key, stun.CodeBadRequest)
	case transport[0] != 17:
		return refuse(m, key, stun.CodeUnsupportedTransProto)
	case hasToken && hasEven, hasToken && hasFamily:
		return refuse(m, key, stun.CodeBadRequest)
	case hasToken, hasEven && even[0]&0x80 != 0:
		return refuse(m, key, stun.CodeInsufficientCapacity) // no reservations are made
	case !l.server.hasFamily(family):
		return refuse(m, key, stun.CodeAddrFamilyNotSupported)
	case l.server.opts.Refused(client.Addr()):
		return refuse(m, key, stun.CodeForbidden)
	}
	if code := l.server.quota(username, client.Addr()); code != 0 {
		return refuse(m, key, code)
	}
	return verdict{pass: m.raw, key: key, username: username, family: family}
}

// Channel numbers are those of RFC 5766: RFC 8656 keeps only 0x4000 to 0x4fff, but
// coturn's client still draws from all of them.
const (
	firstChannel = 0x4000
	lastChannel  = 0x7ffe
)

// gatePeers checks CreatePermission and ChannelBind and grants them: every peer
// or none.
func (l *listener) gatePeers(m message, key []byte, r *relay) verdict {
	peers, ok := m.peers()
	if !ok || len(peers) == 0 {
		return refuse(m, key, stun.CodeBadRequest)
	}
	addrs, under := make([]netip.Addr, len(peers)), make([]*pair, len(peers))
	for i, peer := range peers {
		addrs[i] = peer.Addr()
		if addrs[i].Is4() != r.addr.Addr().Is4() && !addrs[i].Is4In6() {
			return refuse(m, key, stun.CodePeerAddrFamilyMismatch)
		}
		if under[i] = l.server.grantable(r, addrs[i]); addrs[i].Is4In6() || under[i] == nil {
			return refuse(m, key, stun.CodeForbidden)
		}
	}
	if m.method == methodChannelBind {
		return l.gateChannel(m, key, r, peers, under)
	}
	if !r.grants.permit(l.server.instant(), addrs, under) {
		return refuse(m, key, stun.CodeInsufficientCapacity)
	}
	return l.passGranted(m, key, r, addrs)
}

// passGranted lets a request pass that was granted. In open mode a ban of a peer may
// have come in between: what was asked before the grant was there is asked again,
// now that EnforceRefused would find it.
func (l *listener) passGranted(m message, key []byte, r *relay, peers []netip.Addr) verdict {
	if l.pion != nil && slices.ContainsFunc(peers, l.server.refusesPeer) {
		r.grants.revoke(l.server.refusesPeer)
		return refuse(m, key, stun.CodeForbidden)
	}
	return verdict{pass: m.raw, key: key}
}

// gateChannel is gatePeers for ChannelBind.
func (l *listener) gateChannel(m message, key []byte, r *relay, peers []netip.AddrPort, under []*pair) verdict {
	value, ok := m.get(attrChannelNumber)
	if !ok || len(peers) != 1 {
		return refuse(m, key, stun.CodeBadRequest)
	}
	number := binary.BigEndian.Uint16(value)
	if number < firstChannel || number > lastChannel {
		return refuse(m, key, stun.CodeBadRequest)
	}
	switch r.grants.bind(l.server.instant(), number, peers[0], under[0]) {
	case bindClashes:
		return refuse(m, key, stun.CodeBadRequest)
	case bindFull:
		return refuse(m, key, stun.CodeInsufficientCapacity)
	}
	if to := l.server.relayAt(peers[0]); to != nil {
		to.grants.forgetRoutes() // its packets for r go over the channel from now on
	}
	return l.passGranted(m, key, r, []netip.Addr{peers[0].Addr()})
}

// challenge answers 401 or 438 with a fresh nonce. In open mode pion alone knows
// its nonces: it gets an Allocate without attributes in the request's name, and
// its answer the request's method. It checks nonces itself.
func (l *listener) challenge(m message, code stun.ErrorCode) verdict {
	if l.pion != nil {
		bare := m.raw[:stunHeader]
		binary.BigEndian.PutUint16(bare, messageType(methodAllocate, classRequest))
		binary.BigEndian.PutUint16(bare[2:], 0)
		return verdict{pass: bare, restore: m.method, stranger: true}
	}
	nonce := l.server.nonces.make(l.server.instant())
	v := refuse(m, nil, code, stun.Nonce(nonce), stun.NewRealm(l.server.opts.Realm))
	v.stranger = true
	return v
}

// mayAnswer reports whether a client that has not authenticated may be answered.
// One on a connection may: its address is not forged, it would wait for ever, and
// the connection bounds its answers itself.
func (l *listener) mayAnswer(client netip.AddrPort) bool {
	return l.connected() || l.server.answers.allow(l.server.now(), client.Addr())
}

// refuse builds an error response, signed if there is a key.
func refuse(m message, key []byte, code stun.ErrorCode, more ...stun.Setter) verdict {
	setters := []stun.Setter{
		stun.NewTransactionIDSetter(m.transaction()),
		stun.NewType(stun.Method(m.method), stun.ClassErrorResponse),
		code,
	}
	setters = append(setters, more...)
	if key != nil {
		setters = append(setters, stun.MessageIntegrity(key))
	}
	answer, err := stun.Build(setters...)
	if err != nil {
		return verdict{drop: DropMalformed}
	}
	return verdict{answer: answer.Raw}
}

// unknownAttributes lists those that must be understood and are not (RFC 8489
// section 14).
func unknownAttributes(m message) (unknown stun.UnknownAttributes) {
	m.attributes(func(attr uint16, _ []byte) bool {
		if !knownAttribute(attr) && !slices.Contains(unknown, stun.AttrType(attr)) {
			unknown = append(unknown, stun.AttrType(attr))
		}
		return len(unknown) < 16
	})
	return unknown
}
