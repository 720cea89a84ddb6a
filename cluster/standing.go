package cluster

import (
	"errors"
	"fmt"
	"time"

	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/redis"
)

// State is how a node is with the others of its site, in a word.
type State string

// The states. In all but the first a node pairs its own visitors only.
const (
	Joined State = "joined"
	Alone  State = "alone" // Redis answers, and the node is not among the others: Err says why
	Slow   State = "slow"  // Redis is
	Down   State = "down"  // Redis is
)

// States lists them.
func States() []State { return []State{Joined, Alone, Slow, Down} }

// errDeaf is why a node whose record is among the others' is alone even so.
var errDeaf = errors.New("what other nodes say is not heard; the log says why")

// State returns how the node is with the others.
func (m *Member) State() State { return stateOf(m.conn.State(), m.Err()) }

// Err says why the node is not among the others though Redis answers, and what to do; nil
// if it is.
func (m *Member) Err() error {
	err := m.nodes.Err()
	if err == nil && !m.bus.Listening() {
		err = errDeaf
	}
	return err
}

func stateOf(of redis.State, refusal error) State {
	switch {
	case of == redis.Down:
		return Down
	case of == redis.Slow:
		return Slow
	case refusal != nil:
		return Alone
	}
	return Joined
}

// Lack says what the node does without for want of the others; nothing if it has them. It
// tells nothing of them, nor where Redis is: anybody may read it.
func (m *Member) Lack() string {
	return lackOf(m.opts.Node.Role, m.State(), m.conn.Stats().Since)
}

func lackOf(role nodes.Role, state State, since time.Time) string {
	alone := "this node pairs its own visitors only"
	if role == nodes.RoleRelay {
		alone = "the calls at this relay go on, and it gets no others"
	}
	switch state {
	case Joined:
		return ""
	case Alone:
		return "not among the other nodes: " + alone
	}
	return fmt.Sprintf("redis is %s since %s: %s", state, since.UTC().Format(time.RFC3339), alone)
}
