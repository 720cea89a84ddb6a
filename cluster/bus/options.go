package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Options of New. Client, Node and Key are required; zero values are the defaults named
// here.
type Options struct {
	Client rueidis.Client // Redis 7 or newer
	Node   string         // this node's name: 1 to 128 characters of printable ASCII without spaces and braces
	Key    []byte         // the cluster's, 32 bytes

	// Handler is called with what Send said, Answer with what Ask did, and Gap when
	// something was lost (package doc). For one node Handler and Gap are called one at a
	// time, in order; for different nodes, and Answer always, at the same time. A payload is
	// theirs to keep. Answer's context ends with the bus; an error of it reaches Ask as a
	// *Refused with its text.
	// Any of them may be nil: then messages are dropped, questions refused and losses
	// only counted.
	Handler func(from Peer, kind uint8, payload []byte)
	Answer  func(ctx context.Context, from Peer, kind uint8, payload []byte) ([]byte, error)
	Gap     func(from Peer)

	Queue   int           // bytes that wait for each node to be written; 4 MiB
	Inbox   int           // bytes that wait for Handler, of each node; 4 MiB
	Timeout time.Duration // of each command to Redis; 500 ms

	Logger *slog.Logger // nil: none
}

func (o Options) withDefaults() Options {
	o.Queue = cmp.Or(o.Queue, 4<<20)
	o.Inbox = cmp.Or(o.Inbox, 4<<20)
	o.Timeout = cmp.Or(o.Timeout, 500*time.Millisecond)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// least is how many bytes a queue has room for: the largest message.
const least = frameFull + headSize + maxName + MaxPayload

func (o Options) check() error {
	if err := checkName(o.Node); err != nil {
		return fmt.Errorf("bus: Node: %w", err)
	}
	switch {
	case len(o.Key) != keySize:
		return fmt.Errorf("bus: Key has %d bytes; the cluster's key has %d", len(o.Key), keySize)
	case o.Queue < least:
		return fmt.Errorf("bus: Queue is %d bytes; it needs %d at least, or 0 for 4 MiB", o.Queue, least)
	case o.Inbox < least:
		return fmt.Errorf("bus: Inbox is %d bytes; it needs %d at least, or 0 for 4 MiB", o.Inbox, least)
	case o.Timeout < 0:
		return fmt.Errorf("bus: Timeout is %v; leave it 0 for 500 ms", o.Timeout)
	}
	return nil
}

// checkName says what is wrong with a node's name.
func checkName(name string) error {
	const hint = "use letters, digits, dots and dashes"
	switch {
	case name == "":
		return errors.New("the node's name is empty; " + hint)
	case len(name) > maxName:
		return fmt.Errorf("the node's name has %d characters; at most %d may be", len(name), maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '{' || r == '}' }):
		return fmt.Errorf("the node's name %q has a space, a brace or a character that is not ASCII; %s", name, hint)
	}
	return nil
}
