package main

import (
	"testing"

	"github.com/joingyd/joingyd/client"
)

// guest is a visitor of a test, who leaves at its end.
type guest struct {
	t *testing.T
	*visitor
}

func visit(t *testing.T, opts client.Options) *guest {
	t.Helper()
	v, err := newVisitor(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.leave)
	return &guest{t, v}
}

func (g *guest) session() string { return g.conn.Welcome().Session }

func (g *guest) send(message map[string]any) {
	g.t.Helper()
	if err := g.conn.Send(g.t.Context(), message); err != nil {
		g.t.Fatal(err)
	}
}

// expect returns the next message of a type.
func (g *guest) expect(kind string) client.Message {
	g.t.Helper()
	m, err := g.wait(kind)
	if err != nil {
		g.t.Fatal(err)
	}
	return m
}

// chat is two guests who have met.
type chat struct {
	a, b *guest
	pair string
}

func startChat(t *testing.T, site string) *chat {
	t.Helper()
	c := &chat{a: visit(t, client.Options{URL: site}), b: visit(t, client.Options{URL: site})}
	find := map[string]any{"type": "find", "mode": "text", "interests": []string{"testing"}}
	c.a.send(find)
	c.a.expect("waiting")
	c.b.send(find)
	c.pair = c.a.expect("matched").Pair
	c.b.expect("matched")
	return c
}

// goesOn has one say something and the other hear it.
func (c *chat) goesOn(body string) {
	c.a.t.Helper()
	c.a.send(map[string]any{"type": "text", "pair": c.pair, "id": body, "body": body})
	if m := c.b.expect("text"); m.Body != body {
		c.a.t.Errorf("text %q came as %q", body, m.Body)
	}
	c.a.expect("sent")
}
