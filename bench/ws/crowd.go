package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"github.com/joingyd/joingyd/match"
)

// crowd is a hub and its strangers, all in this process.
type crowd struct {
	hub       *match.Hub
	conns     chan net.Conn // accepted by the HTTP server
	strangers []stranger

	mu      sync.Mutex // guards what follows
	changed sync.Cond
	counts  map[string]int   // of what the strangers got, by type
	pairs   map[string][]int // who was told of each
	pairOf  []string         // the same by stranger
	failure error            // the first
}

// count notes that a stranger got something.
func (c *crowd) count(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[kind]++
	c.changed.Broadcast()
}

// closed notes that a socket was closed, which must be because the hub is.
func (c *crowd) closed(payload []byte) {
	const goingAway = 1001
	if len(payload) < 2 || binary.BigEndian.Uint16(payload) != goingAway {
		c.fail(fmt.Errorf("a socket was closed with %q", payload))
		return
	}
	c.count("close")
}

// fail ends whoever waits.
func (c *crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		c.failure = err
	}
	c.changed.Broadcast()
}

// await waits until the strangers got so many messages of a type, or one failed.
func (c *crowd) await(kind string, n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.counts[kind] < n && c.failure == nil {
		c.changed.Wait()
	}
	if c.failure != nil {
		return fmt.Errorf("%s: %d of %d: %w", kind, c.counts[kind], n, c.failure)
	}
	return nil
}

// matched notes who is in a pair.
func (c *crowd) matched(s *stranger, pair string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pairs[pair] = append(c.pairs[pair], s.number)
	c.pairOf[s.number] = pair
}

func (c *crowd) pair(i int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pairOf[i]
}

// partners reports whether a and b are the two sides of a pair.
func (c *crowd) partners(pair string, a, b int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	sides := c.pairs[pair]
	return a != b && len(sides) == 2 && (sides[0] == a && sides[1] == b || sides[0] == b && sides[1] == a)
}

// paired checks that every stranger is in one pair with one other.
func (c *crowd) paired() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for pair, sides := range c.pairs {
		if len(sides) != 2 || sides[0] == sides[1] {
			return fmt.Errorf("pair %s has sides %v", pair, sides)
		}
	}
	if len(c.pairs) != len(c.strangers)/2 {
		return fmt.Errorf("%d pairs of %d strangers", len(c.pairs), len(c.strangers))
	}
	return nil
}
