package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
)

// bench is one run of the benchmark.
type bench struct {
	*options
	out         io.Writer
	interrupted *atomic.Bool
	gen         *generator
	host        netip.Addr // where servers listen
	first       netip.Addr // the first client's address
}

// open makes the generator, in the calling thread's network namespace.
func (b *bench) open() error {
	e, err := newEndpoint(uint16(b.port))
	if err != nil {
		return fmt.Errorf("%w; choose another with -port", err)
	}
	b.gen = &generator{endpoint: e, softirqd: softirqThreads(), interrupted: b.interrupted}
	return nil
}

func (b *bench) serverAddr() netip.AddrPort { return netip.AddrPortFrom(b.host, uint16(b.port+1)) }
func (b *bench) sinkAddr() netip.AddrPort   { return netip.AddrPortFrom(b.host, uint16(b.port+2)) }

// loopback runs every section on 127/8.
func (b *bench) loopback() error {
	b.host, b.first = netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.64.0.0")
	if err := b.open(); err != nil {
		return err
	}
	defer b.gen.close()
	start := time.Now()
	for _, section := range []struct {
		name string
		run  func() error
	}{{"cells", b.cells}, {"ceiling", b.ceilings}, {"memory", b.memory}, {"setup", b.setupCost}} {
		if !b.runs(section.name) {
			continue
		}
		if err := section.run(); err != nil {
			return fmt.Errorf("%s: %w", section.name, err)
		}
	}
	fmt.Fprintf(b.out, "\nThe run took %s.\n", time.Since(start).Round(time.Second))
	return nil
}

// with starts a server, runs do, and stops the server.
func (b *bench) with(name string, do func(*server) error) error {
	if b.interrupted.Load() {
		return errInterrupted
	}
	s, err := startServer(name, b.serverAddr(), b.serverCore, "off")
	if err != nil {
		return err
	}
	defer s.stop()
	b.gen.aim(s.addr)
	b.progress("%s, process %d", name, s.pid())
	return do(s)
}

// call sets up pairs at a server, ready to talk.
func (b *bench) call(s *server, pairs int) error {
	clients := newClients(b.first, 2*pairs)
	if err := s.admit(clients); err != nil {
		return err
	}
	if s.name != "echo" {
		if err := b.gen.do(clients, challenge, allocate, bind); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	} else {
		for _, c := range clients {
			c.channel = firstChannel // what comes back is the sender's own
		}
	}
	b.gen.load = &load{clients: clients, group: 1, size: b.largest()}
	return nil
}

func (b *bench) progress(format string, args ...any) {
	if b.verbose {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}
