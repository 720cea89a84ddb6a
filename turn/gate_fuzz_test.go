package turn

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/pion/stun/v2"
)

// FuzzDatagram sends arbitrary datagrams to a masked relay as a client of a pair,
// as they are and as requests that are rightly signed. Whatever they are, the
// sender gets well-formed answers to its own transaction, the partner gets the
// sender's own data on its own channel, and nobody else gets anything.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte{0x40, 1, 0, 5, 'h', 'e', 'l', 'l', 'o'}, false)
	f.Add([]byte{0x40, 1, 0xff, 0xfc}, false)
	binding, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(binding.Raw, false)
	for _, attrs := range [][]stun.Setter{
		{allocateType, stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}},
		{refreshType, lifetimeAttribute(0)},
		{permissionType, stun.RawAttribute{Type: stun.AttrXORPeerAddress, Value: []byte{0, 1, 1, 2, 3, 4, 5, 6}}},
		{channelType, stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 9, 0, 0}}, stun.RawAttribute{Type: stun.AttrXORPeerAddress, Value: []byte{0, 1, 1, 2, 3, 4, 5, 6}}},
		{sendType, stun.RawAttribute{Type: stun.AttrXORPeerAddress}, stun.RawAttribute{Type: stun.AttrData, Value: []byte("hello")}},
	} {
		m, err := stun.Build(append([]stun.Setter{stun.TransactionID}, attrs...)...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Raw, true)
		f.Add(m.Raw, false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, sign bool) {
		x := newExchange(t, Options{})
		sender, partner := x.relays[0], x.relays[1]
		if sign {
			raw = x.sign(raw)
		}
		input := bytes.Clone(raw)
		x.out.begin()
		x.listener.datagram(x.out, datagram{from: sender.source}, raw)
		x.out.flush()
		for _, d := range x.socket.sent {
			switch d.to {
			case sender.source:
				if m, ok := parseMessage(d.data); !ok || m.class < 2 || len(input) < stunHeader || !bytes.Equal(d.data[4:stunHeader], input[4:stunHeader]) {
					t.Errorf("%x is answered with %x", input, d.data)
				}
			case partner.source:
				channel := binary.BigEndian.Uint16(d.data)
				if channel != 0x4002 || !bytes.Contains(input, d.data[channelHeader:]) || int(binary.BigEndian.Uint16(d.data[2:])) != len(d.data)-channelHeader {
					t.Errorf("%x reaches the partner as %x", input, d.data)
				}
			default:
				t.Errorf("%x sends %x to %v", input, d.data, d.to.addrPort())
			}
		}
	})
}

var (
	allocateType   = stun.NewType(stun.MethodAllocate, stun.ClassRequest)
	refreshType    = stun.NewType(stun.MethodRefresh, stun.ClassRequest)
	permissionType = stun.NewType(stun.MethodCreatePermission, stun.ClassRequest)
	channelType    = stun.NewType(stun.MethodChannelBind, stun.ClassRequest)
	sendType       = stun.NewType(stun.MethodSend, stun.ClassIndication)
)

// sign adds the first client's credentials to what may be a request.
func (x *exchange) sign(raw []byte) []byte {
	m := &stun.Message{Raw: bytes.Clone(raw)}
	if m.Decode() != nil {
		return raw
	}
	username := x.relays[0].username
	keys, _ := x.keys(username)
	for _, s := range []stun.Setter{
		stun.NewUsername(username), stun.NewRealm(x.opts.Realm), stun.Nonce(x.nonces.make(x.instant())), stun.MessageIntegrity(keys[0]),
	} {
		if s.AddTo(m) != nil {
			return raw
		}
	}
	return m.Raw
}
