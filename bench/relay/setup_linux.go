package main

import (
	"fmt"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
)

// setupCost measures what an allocation costs the server: Allocate, the
// challenge, and Allocate again with credentials.
func (b *bench) setupCost() error {
	costs := make(map[string][]float64)
	for round := range b.rounds {
		for i := range b.servers {
			name := b.servers[(i+round)%len(b.servers)]
			err := b.with(name, func(s *server) error {
				cost, err := b.setupOnce(s)
				costs[name] = append(costs[name], cost)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(b.out, "\n## CPU per allocation\n\n")
	fmt.Fprintf(b.out, "Allocate, challenge, Allocate with credentials; %d allocations, %d requests without an answer at most; medians of %d rounds.\n\n",
		b.setups, window, b.rounds)
	t := markdown.NewTable(b.out, "server", "server µs/allocation", "× coturn")
	for _, name := range b.servers {
		t.Row(name, micro(median(costs[name])), markdown.Ratio(median(costs[name]), median(costs["coturn"])))
	}
	return nil
}

// setupOnce returns the server's CPU nanoseconds per allocation.
func (b *bench) setupOnce(s *server) (float64, error) {
	// An even number: clients come in pairs.
	clients := newClients(b.first, (b.setups+1)/2*2)
	if err := s.admit(clients); err != nil {
		return 0, err
	}
	if _, err := s.ask(question{Ask: "settle"}); err != nil {
		return 0, err
	}
	if err := b.gen.pause(100 * time.Millisecond); err != nil {
		return 0, err
	}
	before, err := processCPU(s.pid())
	if err != nil {
		return 0, err
	}
	if err := b.gen.do(clients, challenge, allocate); err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	if err := b.gen.pause(100 * time.Millisecond); err != nil {
		return 0, err
	}
	after, err := processCPU(s.pid())
	return float64(after-before) / float64(len(clients)), err
}
