package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
)

// settled is how long a server gets to come to rest before its memory is read.
const settled = time.Second

// memory measures resident memory per idle allocation, and joingyd's with many.
func (b *bench) memory() error {
	fmt.Fprintf(b.out, "\n## Memory per allocation\n\n")
	fmt.Fprintf(b.out, "Growth of resident memory since the start, idle, %s after the last Allocate; kernel memory of relay sockets (coturn,\n"+
		"pion) is not in it. joingyd's sessions and pairs, which the others don't know, are in a column of their own.\n\n", settled)
	t := markdown.NewTable(b.out, "server", "allocations", "KiB/allocation", "× coturn", "KiB/session, its half of a pair included", "process KiB")
	reference := make(map[int]float64)
	for _, name := range b.servers {
		if err := b.with(name, func(s *server) error { return b.grow(s, b.allocs, t, reference) }); err != nil {
			return err
		}
	}
	if b.most == 0 || !slices.Contains(b.servers, "joingyd") {
		return nil
	}
	var report string
	err := b.with("joingyd", func(s *server) (err error) {
		report, err = b.crowd(s, t)
		return err
	})
	b.gen.load = nil
	if err == nil {
		fmt.Fprint(b.out, "\n", report)
	}
	return err
}

// growth tells apart what allocations and what sessions made resident.
type growth struct {
	server             *server
	last               int // KiB
	allocated, session int // KiB, so far
}

func (b *bench) newGrowth(s *server) (*growth, error) {
	g := &growth{server: s}
	last, err := b.settle(s)
	g.last = last
	return g, err
}

// settle lets the server come to rest and returns its resident memory.
func (b *bench) settle(s *server) (int, error) {
	if err := b.gen.pause(settled); err != nil {
		return 0, err
	}
	return residentKiB(s.pid())
}

// admit adds sessions.
func (g *growth) admit(b *bench, clients []*client) error {
	if err := g.server.admit(clients); err != nil {
		return err
	}
	if _, err := g.server.ask(question{Ask: "settle"}); err != nil {
		return err
	}
	now, err := b.settle(g.server)
	g.session, g.last = g.session+now-g.last, now
	return err
}

// allocate adds allocations.
func (g *growth) allocate(b *bench, clients []*client) error {
	if err := b.gen.do(clients, challenge, allocate); err != nil {
		return fmt.Errorf("%s: %w", g.server.name, err)
	}
	now, err := b.settle(g.server)
	g.allocated, g.last = g.allocated+now-g.last, now
	return err
}

func (g *growth) row(t markdown.Table, n int, reference map[int]float64) {
	each, session := float64(g.allocated)/float64(n), ""
	if g.server.name == "coturn" {
		reference[n] = each
	}
	if g.server.name == "joingyd" {
		session = fmt.Sprintf("%.1f", float64(g.session)/float64(n))
	}
	t.Row(g.server.name, thousands(n), fmt.Sprintf("%.1f", each), markdown.Ratio(each, reference[n]), session, fmt.Sprint(g.last))
}

// grow measures one server at ever more allocations.
func (b *bench) grow(s *server, counts []int, t markdown.Table, reference map[int]float64) error {
	g, err := b.newGrowth(s)
	if err != nil {
		return err
	}
	var clients []*client
	for _, n := range counts {
		n = (n + 1) / 2 * 2
		if n <= len(clients) {
			return fmt.Errorf("-allocations: %d is not more than %d", n, len(clients))
		}
		all := newClients(b.first, n)
		added := all[len(clients):]
		clients = append(clients, added...)
		if err := g.admit(b, added); err != nil {
			return err
		}
		if err := g.allocate(b, added); err != nil {
			return err
		}
		g.row(t, n, reference)
	}
	return nil
}
