package client

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

const (
	codeTooMany = 4429 // the reason is the seconds to stay away
	codeBanned  = 4503 // closes a socket whose visitor was banned, after a `banned` message
)

// Conn is a session with its present socket. One goroutine may Receive while
// others Send; Resume needs both to have ended.
type Conn struct {
	opts    Options
	socket  *websocket.Conn
	backlog []Message // came before the welcome; Receive's
	seq     uint64    // of the last message that came; Receive's
	banned  *BannedError

	answered string // salt of the last challenge answered on this socket; Receive's
	shown    bool   // the pass, on this socket; Receive's

	mu      sync.Mutex // guards what follows
	welcome Welcome
	find    []byte // the search that got no answer yet; nil: none
}

// Welcome returns what the session started with, and its newest credentials.
func (c *Conn) Welcome() Welcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.welcome
}

// Send sends one message, anything that marshals to an object with a type.
func (c *Conn) Send(ctx context.Context, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	c.remember(data)
	return c.write(ctx, data)
}

func (c *Conn) write(ctx context.Context, data []byte) error {
	return typed(c.socket.Write(ctx, websocket.MessageText, data))
}

// Receive returns the daemon's next message. Challenges it answers itself, and
// then sends the search again that one stopped; ErrWork if it cannot, *AgeError if a
// pass is wanted that there is not, or that was not taken. After the last message it
// returns how the socket ended: *BannedError, *CloseError, or what broke it.
func (c *Conn) Receive(ctx context.Context) (m Message, err error) {
	for {
		if len(c.backlog) > 0 {
			m, c.backlog = c.backlog[0], c.backlog[1:]
		} else if m, err = c.read(ctx); err != nil {
			return m, err
		}
		if !challenged(m) {
			return m, nil
		}
		if m.Type == "challenge" {
			if err := c.answer(ctx, m); err != nil {
				return m, err
			}
		}
	}
}

// Resume opens another socket for the session, cutting the present one. It
// reports whether it is the same session still: Receive goes on where it was
// then. If not, there is a new one, and the chat is over.
func (c *Conn) Resume(ctx context.Context) (same bool, err error) {
	before := c.Welcome()
	c.socket.CloseNow()
	if err := c.connect(ctx, before.Resume); err != nil {
		return false, err
	}
	return c.Welcome().Session == before.Session, nil
}

// Close says goodbye: the session ends at once.
func (c *Conn) Close() error { return c.socket.Close(websocket.StatusNormalClosure, "") }

// CloseNow cuts the connection, as a lost network does: the session waits for
// Resume.
func (c *Conn) CloseNow() error { return c.socket.CloseNow() }

// connect opens a socket and says hello.
func (c *Conn) connect(ctx context.Context, token string) error {
	socket, err := upgrade(ctx, c.opts)
	if err != nil {
		return err
	}
	c.socket, c.banned, c.answered, c.shown = socket, nil, "", false
	if err := c.hello(ctx, token); err != nil {
		socket.CloseNow()
		return err
	}
	return nil
}

// hello exchanges hello and welcome. What comes between them, of a session that
// goes on, is left for Receive. Where the site asks for consent to a policy that
// nobody named, it has it.
func (c *Conn) hello(ctx context.Context, token string) error {
	greeting := hello{Type: "hello", Resume: token}
	if token != "" {
		greeting.Ack = c.seq
	}
	if c.opts.Policy != "" {
		greeting.Consent = &consent{c.opts.Policy, true}
	}
	if err := c.Send(ctx, greeting); err != nil {
		return err
	}
	for {
		m, err := c.read(ctx)
		switch {
		case err != nil && c.socket.Subprotocol() != Subprotocol:
			return fmt.Errorf("%w: %w", ErrSubprotocol, err)
		case err != nil:
			return err
		case m.Type == "welcome":
			return nil
		case m.Seq > 0:
			c.backlog = append(c.backlog, m)
		case m.Type == "error" && m.Code == "consent_required" && greeting.Consent == nil:
			greeting.Consent = &consent{m.Policy, true}
			if err := c.Send(ctx, greeting); err != nil {
				return err
			}
		case m.Type == "error":
			return &RefusedError{m.Code, m.Detail}
		}
	}
}

// read reads the socket's next message and notes what the session needs of it.
func (c *Conn) read(ctx context.Context) (m Message, err error) {
	_, data, err := c.socket.Read(ctx)
	if err != nil {
		err = typed(err)
		if closed, ok := err.(*CloseError); ok && closed.Code == codeBanned && c.banned != nil {
			err = c.banned
		}
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("client: message: %w", err)
	}
	return m, c.note(m)
}

func (c *Conn) note(m Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch m.Type {
	case "welcome":
		if m.Session != c.welcome.Session && m.Seq == 1 {
			c.seq, c.backlog = 0, nil // a new session counts from 1, and knows nothing of the old chat
		}
		c.welcome = Welcome{m.Session, m.Resume, m.Online, m.Policy, m.ICE}
	case "ice":
		c.welcome.ICE = m.ICE
	case "waiting", "matched":
		c.find = nil
		if len(m.ICE.Servers) > 0 {
			c.welcome.ICE = m.ICE
		}
	case "banned":
		c.banned = newBanned(m.Reason, m.Until, m.By, m.Appeal)
	}
	if m.Seq == 0 {
		return nil
	}
	if m.Seq != c.seq+1 {
		return fmt.Errorf("%w: %s has number %d after %d", ErrSequence, m.Type, m.Seq, c.seq)
	}
	c.seq = m.Seq
	return nil
}
