package nodes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// wishLife is how long a wish stays in Redis, for a node that starts meanwhile.
const wishLife = 7 * 24 * time.Hour

// ErrUnknown is about a node that is not alive.
var ErrUnknown = errors.New("no live node has this name")

// Draining reports whether this node takes no new sessions.
func (r *Registry) Draining() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draining
}

// Drain wishes that a node takes no new sessions, or with off that it does again, and
// returns the node when it says so, or as it is when ctx ends or after 3 s. A node that
// starts anew within a week follows the last wish. This node follows at once, Redis or
// not.
func (r *Registry) Drain(ctx context.Context, name string, off bool) (Node, error) {
	wish := "on:" + rand.Text()
	if off {
		wish = "off:" + rand.Text()
	}
	self := name == r.opts.Self.Name
	if !self && !r.awaitNode(ctx, name) {
		return Node{}, fmt.Errorf("%w: %q; joingyd cluster status lists those that are", ErrUnknown, name)
	}
	if self {
		r.setDraining(!off)
	}
	client := r.conn.Client()
	call, cancel := r.conn.Context(ctx)
	defer cancel()
	err := client.Do(call, client.B().Set().Key(drainKey(name)).Value(wish).Px(wishLife).Build()).Error()
	r.look()
	if self {
		if err != nil {
			r.log.Warn("the wish to drain is lost when this node starts anew: redis does not answer", "error", err)
		}
		return r.Self(), nil
	}
	if err != nil {
		return Node{}, fmt.Errorf("node %s was not told: %w", name, err)
	}
	return r.awaitDrain(ctx, name, !off)
}

// awaitNode reports whether a node is alive. One that has just started may not have been read yet.
func (r *Registry) awaitNode(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, r.opts.pace.beat)
	defer cancel()
	for {
		if _, ok := r.Node(name); ok {
			return true
		}
		r.look()
		select {
		case <-ctx.Done():
			return false
		case <-time.After(r.opts.pace.beat / 10):
		}
	}
}

// awaitDrain returns a node when it says that it drains, or does not.
func (r *Registry) awaitDrain(ctx context.Context, name string, on bool) (Node, error) {
	ctx, cancel := context.WithTimeout(ctx, r.opts.pace.silence)
	defer cancel()
	for {
		n, alive := r.Node(name)
		switch {
		case !alive:
			return Node{}, fmt.Errorf("%w: %q has left meanwhile", ErrUnknown, name)
		case n.Draining == on:
			return n, nil
		}
		select {
		case <-ctx.Done():
			return n, nil
		case <-time.After(r.opts.pace.beat / 10):
			r.look()
		}
	}
}

// follow does what a wish says, if it is a new one.
func (r *Registry) follow(wish string) {
	if wish == "" || wish == r.wish {
		return
	}
	r.wish = wish
	r.setDraining(strings.HasPrefix(wish, "on:"))
}

func (r *Registry) setDraining(on bool) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.mu.Lock()
	before := r.draining
	r.draining = on
	r.mu.Unlock()
	if on == before {
		return
	}
	r.log.Info("drain", "node", r.opts.Self.Name, "on", on)
	if r.opts.Drain != nil {
		r.opts.Drain(on)
	}
}
