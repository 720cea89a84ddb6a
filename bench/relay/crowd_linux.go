package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
)

const callRate = 500 // packets a second of the one call among many allocations

// crowd measures joingyd with very many allocations: memory, one Refresh each,
// and the loss of a masked call that goes on all the while.
func (b *bench) crowd(s *server, t markdown.Table) (report string, err error) {
	clients := newClients(b.first, b.most/2*2)
	g, err := b.newGrowth(s)
	if err != nil {
		return "", err
	}
	if err := g.admit(b, clients); err != nil {
		return "", err
	}
	if err := b.gen.do(clients[:2], challenge, allocate, bind); err != nil {
		return "", err
	}
	call := &load{clients: clients[:2], group: 1, size: 1000}
	b.gen.load = call
	var lines strings.Builder
	during := func(what string, do func() error) error {
		start := time.Now()
		call.start(clock(), callRate)
		if err := do(); err != nil {
			return err
		}
		took := time.Since(start)
		if err := b.gen.pause(100 * time.Millisecond); err != nil {
			return err
		}
		fmt.Fprintf(&lines, "While %d allocations %s (%s), the call lost %d of %d packets; p50 %s µs, p99 %s µs.\n", len(clients), what,
			took.Round(time.Millisecond), call.sent-min(call.received, call.sent), call.sent,
			micro(float64(call.latency.quantile(0.5))), micro(float64(call.latency.quantile(0.99))))
		return nil
	}
	err = during("were made", func() error { return b.gen.do(clients[2:], challenge, allocate) })
	if err != nil {
		return "", err
	}
	now, err := b.settle(s)
	if err != nil {
		return "", err
	}
	g.allocated, g.last = g.allocated+now-g.last, now
	g.row(t, len(clients), nil)
	err = during("were refreshed", func() error { return b.gen.do(clients, refresh) })
	if err != nil {
		return "", err
	}
	a, err := s.ask(question{Ask: "stats"})
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&lines, "joingyd counts %d allocations after that.\n", a.Stats["allocations"])
	return lines.String(), nil
}
