package main

import (
	"fmt"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
)

const burst = 10 // packets to one client

// cell is one row of the main table, for one server.
type cell struct {
	server            string
	pairs, size, rate int
	group             int
	gro               bool
}

func (c cell) pattern() string {
	switch {
	case c.group == 1 && !c.gro:
		return "even"
	case c.group == 1:
		return "even, GRO"
	case c.gro:
		return fmt.Sprintf("bursts of %d, GRO", c.group)
	}
	return fmt.Sprintf("bursts of %d", c.group)
}

// pattern is how packets of one client follow each other, and how they are
// received.
type pattern struct {
	group int
	gro   bool
}

func (b *bench) patterns() []pattern {
	list := []pattern{{1, false}}
	for _, gro := range b.burstGRO() {
		list = append(list, pattern{burst, gro})
	}
	return list
}

// eachCell calls do with every cell of one server and number of pairs, until it
// returns an error.
func (b *bench) eachCell(server string, pairs int, do func(cell) error) error {
	for _, size := range b.sizes {
		for _, p := range b.patterns() {
			for _, rate := range b.rates {
				if err := do(cell{server, pairs, size, rate, p.group, p.gro}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// cells measures every server at every rate, size, pattern and number of pairs.
// The servers take turns, in rounds: what the machine does besides hits all.
func (b *bench) cells() error {
	results := make(map[cell][]figures)
	for round := range b.rounds {
		for _, pairs := range b.pairs {
			for i := range b.servers {
				name := b.servers[(i+round)%len(b.servers)]
				err := b.with(name, func(s *server) error { return b.round(s, pairs, results) })
				b.gen.load = nil
				if err != nil {
					return err
				}
			}
		}
	}
	b.printCells(results)
	return nil
}

// round measures every cell of one server and number of pairs once.
func (b *bench) round(s *server, pairs int, results map[cell][]figures) error {
	if err := b.call(s, pairs); err != nil {
		return err
	}
	err := b.eachCell(s.name, pairs, func(c cell) error {
		f, err := b.measure(s, c)
		results[c] = append(results[c], f)
		return err
	})
	if err != nil || s.name != "joingyd" {
		return err
	}
	a, err := s.ask(question{Ask: "stats"})
	b.progress("joingyd counts %v", a.Stats)
	if err != nil {
		return err
	}
	return b.checkParted(s)
}

func (b *bench) measure(s *server, c cell) (figures, error) {
	if err := b.gen.setGRO(c.gro); err != nil {
		return figures{}, fmt.Errorf("UDP_GRO: %w; use -client-gro off", err)
	}
	b.gen.load.group, b.gen.load.size = c.group, c.size
	f, err := b.gen.undisturbed(s.pid(), c.rate, b.duration)
	b.progress("%s, %d pairs, %d bytes, %s, %d/s: %.2f µs, lost %.4f, sent %.0f/s, own %.2f µs, busy %.2f, reordered %.4f",
		c.server, c.pairs, c.size, c.pattern(), c.rate, f.cpu/1000, f.lost, f.sent, f.own/1000, f.busy, f.reordered)
	if err == nil && f.misrouted > 0 {
		err = fmt.Errorf("%s sent %d packets to the wrong client", s.name, f.misrouted)
	}
	return f, err
}

// checkParted ends one pair and fails if its packets still arrive: the figures
// are of a relay that keeps its rules.
func (b *bench) checkParted(s *server) error {
	if _, err := s.ask(question{Ask: "part", Pair: 0}); err != nil {
		return err
	}
	b.gen.load.clients = b.gen.load.clients[:2]
	if err := b.gen.send(10_000, 20*time.Millisecond); err != nil {
		return err
	}
	if n := b.gen.load.received; n > 0 {
		return fmt.Errorf("%d packets of a parted pair arrived", n)
	}
	return nil
}

func (b *bench) printCells(results map[cell][]figures) {
	fmt.Fprintf(b.out, "## CPU per relayed packet, loss, latency\n\n")
	fmt.Fprintf(b.out, "Medians of %d rounds of %s each. Server CPU: all its threads, from schedstat. Machine: all that was not idle,\n"+
		"the load generator's work included, its spinning not. GRO: the clients' socket took segments (-client-gro). †: the load\n"+
		"generator did not reach the rate, or lost packets itself; the row is void.\n\n", b.rounds, b.duration)
	t := markdown.NewTable(b.out, "pairs", "bytes", "pattern", "packets/s", "server", "server µs/packet", "× coturn", "machine µs/packet",
		"loss %", "p50 µs", "p99 µs", "p99.9 µs")
	reordered := make(map[string]float64)
	for _, pairs := range b.pairs {
		b.eachCell("", pairs, func(c cell) error {
			reference := c
			reference.server = "coturn"
			coturn := medians(results[reference])
			for _, c.server = range b.servers {
				f := medians(results[c])
				b.printCell(t, c, f, coturn)
				reordered[c.server] = max(reordered[c.server], f.reordered)
			}
			return nil
		})
	}
	for _, name := range b.servers {
		if reordered[name] > 0 {
			fmt.Fprintf(b.out, "\n%s sent up to %s %% of a cell's packets out of order.\n", name, percent(reordered[name]))
		}
	}
}

func (b *bench) printCell(t markdown.Table, c cell, f, coturn figures) {
	void := ""
	if f.void(c.rate) {
		void = "†"
	}
	t.Row(fmt.Sprint(c.pairs), fmt.Sprint(c.size), c.pattern(), thousands(c.rate)+void, c.server, micro(f.cpu), markdown.Ratio(f.cpu, coturn.cpu),
		micro(f.machine), percent(f.lost), micro(float64(f.p50)), micro(float64(f.p99)), micro(float64(f.p999)))
}
