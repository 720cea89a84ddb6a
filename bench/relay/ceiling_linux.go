package main

import (
	"fmt"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
	"golang.org/x/sys/unix"
)

const (
	trial       = 400 * time.Millisecond
	lossAllowed = 0.001
)

// ceilings searches for each server's highest rate without loss, and for the
// generator's own: against a socket that nobody reads, and against an echo.
func (b *bench) ceilings() error {
	pairs := b.pairs[0]
	fmt.Fprintf(b.out, "\n## Highest rate without loss\n\n")
	fmt.Fprintf(b.out, "Packets a second with less than %.1f %% lost, %d pairs, %d bytes; trials of %s. echo: what the load generator\n"+
		"reaches with a server that does nothing but send packets back, in batches.\n\n", 100*lossAllowed, pairs, b.largest(), trial)
	if err := b.sink(); err != nil {
		return err
	}
	t := markdown.NewTable(b.out, "pattern", "server", "packets/s", "× coturn", "limit")
	rates := make(map[cell]int)
	for _, p := range b.patterns() {
		for _, name := range append([]string{"echo"}, b.servers...) {
			c := cell{server: name, pairs: pairs, size: b.largest(), group: p.group, gro: p.gro}
			rate, limit, err := b.ceiling(c)
			if err != nil {
				return err
			}
			rates[c] = rate
			coturn := c
			coturn.server = "coturn"
			against := ""
			if name != "echo" {
				against = markdown.Ratio(float64(rate), float64(rates[coturn]))
			}
			t.Row(c.pattern(), name, fmt.Sprint(rate), against, limit.String())
		}
	}
	return nil
}

// ceiling searches for one server's highest rate.
func (b *bench) ceiling(c cell) (rate int, limit verdict, err error) {
	err = b.with(c.server, func(s *server) error {
		if err := b.call(s, c.pairs); err != nil {
			return err
		}
		if err := b.gen.setGRO(c.gro); err != nil {
			return fmt.Errorf("UDP_GRO: %w; use -client-gro off", err)
		}
		b.gen.load.group = c.group
		rate, limit, err = highest(func(rate int) (verdict, error) {
			f, err := b.gen.measure(s.pid(), rate, trial)
			b.progress("%s, %s, %d/s: lost %.4f, sent %.0f/s, own %.2f µs, busy %.2f, overflowed %d",
				c.server, c.pattern(), rate, f.lost, f.sent, f.own/1000, f.busy, f.overflowed)
			return f.judge(rate), err
		})
		return err
	})
	b.gen.load = nil
	return rate, limit, err
}

// sink prints how fast the generator can send, to a socket that nobody reads,
// and what one packet costs it against the echo.
func (b *bench) sink() error {
	fd, err := openSink(b.sinkAddr())
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	b.gen.aim(b.sinkAddr())
	b.gen.load = &load{clients: newClients(b.first, 2*b.pairs[0]), group: 1, size: b.largest()}
	f, err := b.gen.measure(0, 5_000_000, trial)
	b.gen.load = nil
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "The load generator sends up to %.0f packets/s to a socket that nobody reads.\n", f.sent)
	err = b.with("echo", func(s *server) error {
		if err := b.call(s, b.pairs[0]); err != nil {
			return err
		}
		for _, rate := range b.rates {
			f, err := b.gen.measure(s.pid(), rate, b.duration)
			if err != nil {
				return err
			}
			fmt.Fprintf(b.out, "At %d packets/s, echoed, it works %.2f µs a packet, and %.0f %% of the time.\n", rate, f.own/1000, 100*f.busy)
		}
		return nil
	})
	b.gen.load = nil
	fmt.Fprintln(b.out)
	return err
}
