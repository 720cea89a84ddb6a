package turn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v2"
)

const probeRetransmit = 500 * time.Millisecond // RFC 8489 section 6.2.1

var errProbeAnswer = errors.New("turn: not a Binding success response to this request")

// Probe sends a Binding request (RFC 8489) over network, "udp" or "tcp", and
// returns the client's address as the server sees it. It tells whether a server
// answers at all, and runs until ctx ends where none does.
func Probe(ctx context.Context, network, server string) (netip.AddrPort, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, server)
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return netip.AddrPort{}, err
	}
	answer, err := roundTrip(conn, network, request.Raw)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("no answer from %s over %s: %w", server, network, errors.Join(err, ctx.Err()))
	}
	return mappedAddress(request, answer)
}

// roundTrip returns the first message that comes back.
func roundTrip(conn net.Conn, network string, request []byte) ([]byte, error) {
	answer := make([]byte, maxFrame)
	if network != "udp" {
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		reader := bufio.NewReader(conn)
		head, err := reader.Peek(channelHeader)
		if err != nil {
			return nil, err
		}
		size, err := frameSize(head)
		if err != nil {
			return nil, err
		}
		_, err = io.ReadFull(reader, answer[:size])
		return answer[:size], err
	}
	for {
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := conn.SetReadDeadline(time.Now().Add(probeRetransmit)); err != nil {
			return nil, err
		}
		n, err := conn.Read(answer)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			continue
		}
		return answer[:n], err
	}
}

// mappedAddress reads XOR-MAPPED-ADDRESS. stun/v2 panics on one that is cut
// short, so its length is checked first.
func mappedAddress(request *stun.Message, raw []byte) (netip.AddrPort, error) {
	answer := &stun.Message{Raw: raw}
	if err := answer.Decode(); err != nil {
		return netip.AddrPort{}, err
	}
	if answer.Type != stun.BindingSuccess || answer.TransactionID != request.TransactionID {
		return netip.AddrPort{}, errProbeAnswer
	}
	value, err := answer.Get(stun.AttrXORMappedAddress)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if len(value) != 8 && len(value) != 20 {
		return netip.AddrPort{}, errProbeAnswer
	}
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(answer); err != nil {
		return netip.AddrPort{}, err
	}
	addr, _ := netip.AddrFromSlice(mapped.IP)
	return netip.AddrPortFrom(addr.Unmap(), uint16(mapped.Port)), nil
}
