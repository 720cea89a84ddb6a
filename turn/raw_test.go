package turn_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/turn"
)

// raw is a client that sends what it is told to, over one UDP socket.
type raw struct {
	t     *testing.T
	conn  net.Conn
	creds turn.Credentials
	nonce stun.Nonce

	patience time.Duration // for an answer
}

func (f *fixture) raw(t *testing.T, creds turn.Credentials) *raw {
	t.Helper()
	conn, err := net.Dial("udp", f.udp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &raw{t: t, conn: conn, creds: creds, patience: f.patience}
}

var (
	allocate   = stun.NewType(stun.MethodAllocate, stun.ClassRequest)
	refresh    = stun.NewType(stun.MethodRefresh, stun.ClassRequest)
	permission = stun.NewType(stun.MethodCreatePermission, stun.ClassRequest)
	channel    = stun.NewType(stun.MethodChannelBind, stun.ClassRequest)
)

// attr is an attribute as it is on the wire.
func attr(kind stun.AttrType, value ...byte) stun.Setter {
	return stun.RawAttribute{Type: kind, Value: value}
}

var overUDP = attr(stun.AttrRequestedTransport, 17, 0, 0, 0)

func peer(addr netip.AddrPort) stun.Setter {
	return peerSetter{addr}
}

type peerSetter struct{ addr netip.AddrPort }

func (p peerSetter) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: p.addr.Addr().AsSlice(), Port: int(p.addr.Port())}.AddToAs(m, stun.AttrXORPeerAddress)
}

// frame is a ChannelData message.
func frame(number uint16, data string) []byte {
	m := binary.BigEndian.AppendUint16(nil, number)
	return append(binary.BigEndian.AppendUint16(m, uint16(len(data))), data...)
}

// build signs a request as the credentials' user.
func (c *raw) build(kind stun.MessageType, attrs ...stun.Setter) *stun.Message {
	c.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, kind}, attrs...)
	setters = append(setters, stun.NewUsername(c.creds.Username), stun.NewRealm("joingyd"), c.nonce,
		stun.NewLongTermIntegrity(c.creds.Username, "joingyd", c.creds.Password))
	m, err := stun.Build(setters...)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// roundTrip sends bytes and returns the answer, nil if there is none in time.
func (c *raw) roundTrip(request []byte) *stun.Message {
	c.t.Helper()
	if _, err := c.conn.Write(request); err != nil {
		c.t.Fatal(err)
	}
	return c.receive(c.patience)
}

func (c *raw) receive(patience time.Duration) *stun.Message {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	buffer := make([]byte, 2000)
	n, err := c.conn.Read(buffer)
	if err != nil {
		return nil
	}
	m := &stun.Message{Raw: buffer[:n]}
	if err := m.Decode(); err != nil {
		c.t.Fatalf("undecodable answer %x: %v", buffer[:n], err)
	}
	return m
}

// do sends a signed request, after fetching a nonce if there is none yet.
func (c *raw) do(kind stun.MessageType, attrs ...stun.Setter) *stun.Message {
	c.t.Helper()
	if c.nonce == nil {
		c.challenge()
	}
	return c.roundTrip(c.build(kind, attrs...).Raw)
}

func (c *raw) challenge() {
	c.t.Helper()
	bare, err := stun.Build(stun.TransactionID, allocate, overUDP)
	if err != nil {
		c.t.Fatal(err)
	}
	answer := c.roundTrip(bare.Raw)
	if answer == nil {
		c.t.Fatal("no challenge")
	}
	if err := c.nonce.GetFrom(answer); err != nil {
		c.t.Fatal(err)
	}
}

// mustAllocate returns the relayed transport address.
func (c *raw) mustAllocate() netip.AddrPort {
	c.t.Helper()
	answer := c.do(allocate, overUDP)
	if answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		c.t.Fatalf("Allocate: %v", answer)
	}
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(answer, stun.AttrXORRelayedAddress); err != nil {
		c.t.Fatal(err)
	}
	addr, _ := netip.AddrFromSlice(relayed.IP)
	return netip.AddrPortFrom(addr.Unmap(), uint16(relayed.Port))
}

// refused checks that the answer is an error response to kind with the code,
// and, if signed, with the user's MESSAGE-INTEGRITY.
func (c *raw) refused(answer *stun.Message, kind stun.MessageType, code stun.ErrorCode, signed bool) error {
	if answer == nil {
		return fmt.Errorf("silence, want %d", code)
	}
	if answer.Type.Method != kind.Method || answer.Type.Class != stun.ClassErrorResponse {
		return fmt.Errorf("got %v, want an error response with %d", answer.Type, code)
	}
	var got stun.ErrorCodeAttribute
	if err := got.GetFrom(answer); err != nil {
		return fmt.Errorf("error response without ERROR-CODE, want %d", code)
	}
	if got.Code != code {
		return fmt.Errorf("error code %d, want %d", got.Code, code)
	}
	if signed {
		return stun.NewLongTermIntegrity(c.creds.Username, "joingyd", c.creds.Password).Check(answer)
	}
	if code == stun.CodeUnauthorized && (!answer.Contains(stun.AttrNonce) || !answer.Contains(stun.AttrRealm)) {
		return errors.New("401 without NONCE and REALM")
	}
	return nil
}
