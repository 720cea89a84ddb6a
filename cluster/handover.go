package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/joingyd/joingyd/cluster/bus"
)

// MaxHandover is how large each part of a handover may be.
const MaxHandover = bus.MaxPayload

var errNobody = errors.New("no other node takes sessions")

// HandOver has another node take over the chats of this one's hub, which has ended, and returns
// its name: one takes all parts, so that both sides of a chat find each other. After an error
// they are still this node's, unless some is true: then what became of the chats is unknown,
// and some are with the other.
func (m *Member) HandOver(ctx context.Context, parts [][]byte) (node string, some bool, err error) {
	nodes := slices.Clone(m.Open())
	if len(nodes) == 0 || m.Away() {
		return "", false, errNobody
	}
	rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	for _, node = range nodes {
		if some, err = m.handTo(ctx, node, parts); err == nil || some {
			return node, some, err
		}
	}
	return "", false, err
}

func (m *Member) handTo(ctx context.Context, node string, parts [][]byte) (some bool, err error) {
	for _, part := range parts {
		if _, err := m.bus.Ask(ctx, node, kindInherit, part); err != nil {
			_, refused := errors.AsType[*bus.Refused](err)
			return some || !refused, fmt.Errorf("node %s: %w", node, err)
		}
		some = true
	}
	return some, nil
}

// inherit answers HandOver.
func (m *Member) inherit(from string, part []byte) error {
	if err := m.hub.Inherit(part); err != nil {
		return err
	}
	m.log.Info("chats of another node go on here", "node", from)
	return nil
}
