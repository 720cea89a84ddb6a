package cluster

import (
	"fmt"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

// State is how a node is with the others of its site, in a word.
type State string

// The states. In all but the first a node pairs its own visitors only.
const (
	Joined State = "joined"
	Alone  State = "alone" // Redis answers, and the node is not among the others: Registry().Err says why
	Slow   State = "slow"  // Redis is
	Down   State = "down"  // Redis is
)

// States lists them.
func States() []State { return []State{Joined, Alone, Slow, Down} }

// State returns how the node is with the others.
func (m *Member) State() State {
	return stateOf(m.conn.State(), m.nodes.Err())
}

func stateOf(of redis.State, refusal error) State {
	switch {
	case of == redis.Down:
		return Down
	case refusal != nil:
		return Alone
	case of == redis.Slow:
		return Slow
	}
	return Joined
}

// Lack says what the node does without for want of the others; nothing if it has them. It
// tells nothing of them, nor where Redis is: anybody may read it.
func (m *Member) Lack() string {
	return lackOf(m.State(), m.conn.Stats().Since)
}

func lackOf(state State, since time.Time) string {
	const alone = "this node pairs its own visitors only"
	switch state {
	case Joined:
		return ""
	case Alone:
		return "not among the other nodes: " + alone
	}
	return fmt.Sprintf("redis is %s since %s: %s", state, since.UTC().Format(time.RFC3339), alone)
}
