package main

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/joingyd/joingyd/bench/markdown"
	"github.com/joingyd/joingyd/turn/xdp"
)

// With XDP the relay's work happens on the generator's core, in the sender's own
// system call: only the whole machine's CPU says what it costs. So the generator
// must not spin here; it sleeps between rounds, and what it costs itself is
// measured apart, in two ways: sending to a socket that nobody reads, across the
// veth pair, and sending to itself, without the pair, which is a send and a
// receive.
const nap = 50 * time.Microsecond

// variant is a server with an offload.
type variant struct{ server, offload string }

func (v variant) String() string {
	if v.offload == "off" {
		return v.server
	}
	return v.server + ", " + v.offload
}

// own is what the generator costs without a server.
type own struct{ sink, loop []figures }

// veth measures over two network namespaces.
func (b *bench) veth() error {
	n, err := newNamespaces()
	if err != nil {
		return err
	}
	defer n.close()
	b.host, b.first = vethServer, vethClients.Addr().Next()
	if err := b.open(); err != nil {
		return err
	}
	defer b.gen.close()
	b.gen.nap = nap
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return err
	}
	b.duration = max(b.duration, time.Second) // idle time comes in steps of 10 ms

	owns := make(map[cell]*own)
	results := make(map[cell][]figures)
	variants := slices.DeleteFunc([]variant{{"coturn", "off"}, {"joingyd", "off"}, {"joingyd", b.offload}},
		func(v variant) bool { return !slices.Contains(b.servers, v.server) })
	notes := make(map[string]bool)
	for round := range b.rounds {
		if err := b.ownCosts(n, owns); err != nil {
			return err
		}
		for i := range variants {
			v := variants[(i+round)%len(variants)]
			note, err := b.vethRound(n, v, results)
			b.gen.load = nil
			if err != nil {
				return err
			}
			notes[note] = true
		}
	}
	b.printVeth(variants, results, owns)
	delete(notes, "")
	for note := range notes {
		fmt.Fprintf(b.out, "\n%s.\n", note)
	}
	return nil
}

// ownCosts measures the generator alone, in every cell.
func (b *bench) ownCosts(n *namespaces, owns map[cell]*own) error {
	if err := n.enter(n.server); err != nil {
		return err
	}
	fd, err := openSink(b.sinkAddr())
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := n.enter(n.client); err != nil {
		return err
	}
	return b.eachCell("", b.pairs[0], func(c cell) error {
		clients := newClients(b.first, 2*c.pairs)
		for _, client := range clients {
			client.channel = firstChannel
		}
		b.gen.load = &load{clients: clients, group: c.group, size: c.size}
		if err := b.gen.setGRO(c.gro); err != nil {
			return err
		}
		b.gen.aim(b.sinkAddr())
		sink, err := b.gen.undisturbed(0, c.rate, b.duration)
		if err != nil {
			return err
		}
		b.gen.aim(netip.AddrPortFrom(vethClient, uint16(b.port)))
		loop, err := b.gen.undisturbed(0, c.rate, b.duration)
		if err != nil {
			return err
		}
		b.progress("own, %d bytes, %s, %d/s: sink %.2f µs, loop %.2f µs, lost %.3f", c.size, c.pattern(), c.rate, sink.machine/1000, loop.machine/1000, loop.lost)
		if owns[c] == nil {
			owns[c] = new(own)
		}
		owns[c].sink, owns[c].loop = append(owns[c].sink, sink), append(owns[c].loop, loop)
		return nil
	})
}

// vethRound measures every cell of one variant once.
func (b *bench) vethRound(n *namespaces, v variant, results map[cell][]figures) (note string, err error) {
	if err := n.enter(n.server); err != nil {
		return "", err
	}
	s, err := startServer(v.server, b.serverAddr(), b.serverCore, v.offload)
	if back := n.enter(n.client); err == nil && back != nil {
		s.stop()
		err = back
	}
	if err != nil {
		return "", err
	}
	defer s.stop()
	if v.offload == string(xdp.ModeNative) {
		undo, err := passAll(clientLink)
		if err != nil {
			return "", err
		}
		defer undo()
	}
	b.gen.aim(s.addr)
	b.progress("%v, process %d", v, s.pid())
	if err := b.call(s, b.pairs[0]); err != nil {
		return "", err
	}
	return s.note, b.eachCell(v.String(), b.pairs[0], func(c cell) error {
		f, err := b.measure(s, c)
		results[c] = append(results[c], f)
		return err
	})
}

// less subtracts what the generator alone costs from a cost per relayed packet.
// For a packet that was lost it cost something too.
func (f figures) less(cost, own float64) float64 { return cost - own/max(1-f.lost, 0.01) }

func (b *bench) printVeth(variants []variant, results map[cell][]figures, owns map[cell]*own) {
	fmt.Fprintf(b.out, "## Over veth, between two network namespaces\n\n")
	fmt.Fprintf(b.out, "%d pairs; medians of %d rounds of %s; µs of CPU per packet. Machine: all that was not idle, other programs included.\n"+
		"Counted: server, load generator and the kernel's softirq threads. Less: what the load generator alone costs, in the\n"+
		"second table, is subtracted. †: the load generator did not reach the rate; the row is void.\n\n", b.pairs[0], b.rounds, b.duration)
	t := markdown.NewTable(b.out, "bytes", "pattern", "packets/s", "server", "server µs", "machine µs", "less sink", "× coturn", "less loop", "× coturn",
		"counted µs", "less loop", "× coturn", "loss %", "p50 µs", "p99 µs")
	b.eachCell("", b.pairs[0], func(c cell) error {
		sink, loop := medians(owns[c].sink), medians(owns[c].loop)
		reference := c
		reference.server = "coturn"
		coturn := medians(results[reference])
		for _, v := range variants {
			c.server = v.String()
			f, void := medians(results[c]), ""
			if f.void(c.rate) {
				void = "†"
			}
			lessSink, lessLoop, lessCounted := f.less(f.machine, sink.machine), f.less(f.machine, loop.machine), f.less(f.counted, loop.counted)
			t.Row(fmt.Sprint(c.size), c.pattern(), thousands(c.rate)+void, c.server, micro(f.cpu),
				micro(f.machine), micro(lessSink), markdown.Ratio(lessSink, coturn.less(coturn.machine, sink.machine)),
				micro(lessLoop), markdown.Ratio(lessLoop, coturn.less(coturn.machine, loop.machine)),
				micro(f.counted), micro(lessCounted), markdown.Ratio(lessCounted, coturn.less(coturn.counted, loop.counted)),
				percent(f.lost), micro(float64(f.p50)), micro(float64(f.p99)))
		}
		return nil
	})
	fmt.Fprintf(b.out, "\nThe load generator alone. Sink: sending across the pair to a socket that nobody reads. Loop: sending to itself without\n"+
		"the pair, which is a send and a receive.\n\n")
	t = markdown.NewTable(b.out, "bytes", "pattern", "packets/s", "sink, machine µs", "sink, counted µs", "loop, machine µs", "loop, counted µs")
	b.eachCell("", b.pairs[0], func(c cell) error {
		sink, loop := medians(owns[c].sink), medians(owns[c].loop)
		t.Row(fmt.Sprint(c.size), c.pattern(), thousands(c.rate), micro(sink.machine), micro(sink.counted), micro(loop.machine), micro(loop.counted))
		return nil
	})
}
