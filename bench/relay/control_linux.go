package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// step is one kind of request that every client of a control makes.
type step byte

const (
	challenge step = iota // Allocate without credentials: learns realm and nonce
	allocate
	bind // ChannelBind to the partner, which is a permission too
	refresh
)

func (s step) String() string {
	return [...]string{"challenge", "Allocate", "ChannelBind", "Refresh"}[s]
}

const (
	firstChannel = 0x4000
	lastChannel  = 0x4fff
	window       = 32 // requests without an answer
	firstRepeat  = 300_000_000
	repeats      = 6
)

// control takes clients through one step, a window of requests at a time, and
// repeats what gets no answer.
type control struct {
	step    step
	clients []*client
	salt    uint32 // tells this step's transactions from those of others

	next     int
	waiting  []waiting
	scanned  int64
	finished int
	failed   error // the first failure; it ends the step
}

// waiting is a request without an answer.
type waiting struct {
	client int
	sent   int64
	tries  int
	stale  byte // how often the nonce was refused
}

func newControl(s step, clients []*client, salt uint32) *control {
	return &control{step: s, clients: clients, salt: salt, waiting: make([]waiting, 0, window)}
}

func (c *control) done() bool { return c.failed != nil || c.finished == len(c.clients) }

// pump sends new requests and repeats old ones. It reports whether it sent any.
func (c *control) pump(e *endpoint, now int64) bool {
	if c.failed != nil {
		return false
	}
	worked := false
	for c.next < len(c.clients) && len(c.waiting) < window {
		c.waiting = append(c.waiting, waiting{client: c.next, sent: now, tries: 1})
		c.request(e, c.waiting[len(c.waiting)-1])
		c.next++
		worked = true
	}
	if now-c.scanned > firstRepeat/10 {
		c.scanned = now
		for i := range c.waiting {
			w := &c.waiting[i]
			if now-w.sent < firstRepeat<<(max(w.tries, 1)-1) {
				continue
			}
			if w.tries > repeats {
				c.failed = fmt.Errorf("client %d: no answer to %s", w.client, c.step)
				return worked
			}
			w.sent, w.tries, worked = now, w.tries+1, true
			c.request(e, *w)
		}
	}
	e.flush()
	return worked
}

func (c *control) transaction(w waiting) (id transactionID) {
	binary.BigEndian.PutUint32(id[:], uint32(w.client))
	id[4], id[5] = byte(c.step), w.stale
	binary.BigEndian.PutUint32(id[8:], c.salt)
	return id
}

func (c *control) request(e *endpoint, w waiting) {
	if e.room() == 0 {
		e.flush()
	}
	client := c.clients[w.client]
	b, id := e.slot()[:0], c.transaction(w)
	switch c.step {
	case challenge, allocate:
		b = appendRequest(b, allocateRequest, id)
		b = appendAttribute(b, attrRequestTransport, "\x11\x00\x00\x00") // UDP
	case bind:
		partner := c.clients[w.client^1]
		b = appendRequest(b, channelBindRequest, id)
		b = appendAttribute(b, attrChannelNumber, string(binary.BigEndian.AppendUint32(nil, uint32(client.channel)<<16)))
		b = appendAttribute(b, attrPeerAddress, xorIPv4(partner.relayed))
	case refresh:
		b = appendRequest(b, refreshRequest, id)
		b = appendAttribute(b, attrLifetime, "\x00\x00\x02\x58") // 600 s
	}
	if c.step != challenge {
		b = appendAttribute(b, attrUsername, client.username)
		b = appendAttribute(b, attrNonce, client.nonce)
		b = appendAttribute(b, attrRealm, client.realm)
		b = appendIntegrity(b, client.key)
	}
	e.queue(client.addr, len(b))
}

// arrived handles one STUN message.
func (c *control) arrived(message []byte) {
	r, ok := parseResponse(message)
	if !ok {
		return
	}
	for i, w := range c.waiting {
		if r.id != c.transaction(w) {
			continue
		}
		client := c.clients[w.client]
		switch code := r.errorCode(); {
		case code == 438 || c.step == challenge && code == 401:
			client.challenged(r)
			if code == 438 { // stale nonce: the repeat has another transaction id
				c.waiting[i].stale++
				c.waiting[i].sent, c.waiting[i].tries = 0, 0
				c.scanned = 0
				return
			}
		case r.kind&errorBits != successBit:
			c.failed = fmt.Errorf("client %d: %s: error %d", w.client, c.step, code)
		case c.step == challenge:
			c.failed = fmt.Errorf("client %d allocated without credentials", w.client)
		case c.step == allocate:
			if client.relayed, ok = parseXORIPv4(r.attribute(attrRelayedAddress)); !ok {
				c.failed = fmt.Errorf("client %d: no relayed address", w.client)
			}
		}
		c.waiting[i] = c.waiting[len(c.waiting)-1]
		c.waiting = c.waiting[:len(c.waiting)-1]
		c.finished++
		return
	}
}

// challenged takes over realm and nonce.
func (c *client) challenged(r response) {
	c.realm, c.nonce = string(r.attribute(attrRealm)), string(r.attribute(attrNonce))
	c.key = longTermKey(c.username, c.realm, c.password)
}

// newClients makes n clients with consecutive addresses from first on.
func newClients(first netip.Addr, n int) []*client {
	base := first.As4()
	start := binary.BigEndian.Uint32(base[:])
	clients := make([]*client, n)
	for i := range clients {
		c := &client{channel: firstChannel + uint16(i%(lastChannel-firstChannel+1))}
		binary.BigEndian.PutUint32(c.addr[:], start+uint32(i))
		clients[i] = c
	}
	return clients
}

// do takes the clients through the steps.
func (g *generator) do(clients []*client, steps ...step) error {
	for _, s := range steps {
		g.salt++
		g.control = newControl(s, clients, g.salt)
		if err := g.run(func(int64) bool { return g.control.done() }); err != nil {
			return err
		}
		failed := g.control.failed
		g.control = nil
		if failed != nil {
			return failed
		}
	}
	return nil
}
