package main

import (
	"context"
	"fmt"
	"time"

	"github.com/joingyd/joingyd/client"
)

// visitor is a session on a site, whose messages are read until it leaves.
type visitor struct {
	conn *client.Conn
	ctx  context.Context
	end  context.CancelFunc

	came  chan client.Message // closed when the reader ends,
	err   error               // of this
	ended chan struct{}       // closed then, too
}

func newVisitor(opts client.Options) (*visitor, error) {
	ctx, end := context.WithCancel(context.Background())
	conn, err := client.Dial(ctx, opts)
	if err != nil {
		end()
		return nil, err
	}
	return visitorOf(conn, ctx, end), nil
}

// visitorOf reads what comes for a session.
func visitorOf(conn *client.Conn, ctx context.Context, end context.CancelFunc) *visitor {
	v := &visitor{conn: conn, ctx: ctx, end: end, came: make(chan client.Message, 100), ended: make(chan struct{})}
	go func() {
		defer close(v.ended)
		defer close(v.came)
		for {
			m, err := conn.Receive(ctx)
			if err != nil {
				v.err = err
				return
			}
			select {
			case v.came <- m:
			default: // nobody waits for it
			}
		}
	}()
	return v
}

// wait returns the next message of a type.
func (v *visitor) wait(kind string) (client.Message, error) {
	late := time.After(patienceOfTests)
	for {
		select {
		case m, open := <-v.came:
			if !open {
				return m, fmt.Errorf("the session ended before %s: %w", kind, v.err)
			}
			if m.Type == kind {
				return m, nil
			}
		case <-late:
			return client.Message{}, fmt.Errorf("no %s", kind)
		}
	}
}

func (v *visitor) leave() {
	v.end()
	for range v.came { // until the reader has ended
	}
}
