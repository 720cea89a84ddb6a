package cluster

import (
	"context"

	"github.com/joingyd/joingyd/cluster/bus"
	"github.com/joingyd/joingyd/cluster/relay"
)

// The kinds of messages on the bus, and of questions.
const (
	kindHub     = 1
	kindRequest = 1 // a question: see package ask
	kindInherit = 2 // a question: see HandOver
)

func (m *Member) receive(from bus.Peer, kind uint8, payload []byte) {
	switch {
	case kind == kindHub:
		m.hub.Receive(from.Name, payload)
	case kind == relay.ToHost && m.host != nil:
		m.host.Handle(from.Name, payload)
	case kind == relay.ToHome && m.home != nil:
		m.home.Handle(from.Name, payload)
	} // another is a newer node's
}

func (m *Member) answer(ctx context.Context, from bus.Peer, kind uint8, payload []byte) ([]byte, error) {
	switch kind {
	case kindRequest:
		return m.asker.Answer(ctx, from, payload)
	case kindInherit:
		return nil, m.inherit(from.Name, payload)
	}
	return nil, bus.ErrUnanswered
}

func (m *Member) gap(from bus.Peer) {
	m.hub.Gap(from.Name)
	if m.host != nil {
		m.host.Gap(from.Name)
	}
	if m.home != nil {
		m.home.Gap(from.Name)
	}
}
