package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/bench/markdown"
)

var keys = ban.Keys{{1, 2, 3}}

// fill makes a store with the bans of the list, in batches as an import does.
func (b *bench) fill(path string) (*ban.Store, error) {
	store, err := ban.Open(path, keys, nil)
	if err != nil {
		return nil, err
	}
	const batch = 10_000
	var entries []ban.Entry
	until := time.Now().Add(30 * 24 * time.Hour)
	for n := range b.bans {
		t, err := ban.ParseTarget(target(n).String())
		if err != nil {
			return nil, err
		}
		entries = append(entries, ban.Entry{Target: t, Reason: "on a list", By: "bench", Imported: true, Until: until})
		if len(entries) == batch || n == b.bans-1 {
			if _, err := store.AddAll(entries); err != nil {
				return nil, err
			}
			entries = entries[:0]
		}
	}
	return store, nil
}

// lookUps is the table of what a look-up costs. Cold: each address is asked for
// once, in random order; the best of three rounds.
func (b *bench) lookUps(context.Context, string) error {
	store, err := b.fill(filepath.Join(b.dir, "lookups.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	r := rand.New(rand.NewPCG(1, 2))
	var single, net64, prefixes, strangers4, strangers6 []netip.Addr
	for _, n := range r.Perm(b.bans) {
		p := target(n)
		switch {
		case p.IsSingleIP():
			single = append(single, p.Addr())
			strangers4 = append(strangers4, address4(0x64400000|r.Uint32()&0x3fffff))
		case p.Bits() == 64:
			net64 = append(net64, p.Addr().Next())
			strangers6 = append(strangers6, address6(0x2a03, n))
		default:
			prefixes = append(prefixes, p.Addr().Next())
		}
	}
	why := func(addr netip.Addr) bool { _, banned := store.Check(addr, ban.UseVideo); return banned }
	whether := func(addr netip.Addr) bool { return store.Banned(addr, ban.UseRelay) }
	table := markdown.NewTable(b.out, fmt.Sprintf("look-up among %d bans", b.bans), "CPU, ns", "look-ups/s on a core", "allocations")
	for _, row := range []struct {
		name   string
		ask    func(netip.Addr) bool
		addrs  []netip.Addr
		banned bool
	}{
		{"why a banned IPv4 address is out, cold", why, single, true},
		{"why a banned IPv6 /64 is out, cold", why, net64, true},
		{"why an address of a banned prefix is out, cold", why, prefixes, true},
		{"whether an address of a banned prefix is out, cold", whether, prefixes, true},
		{"whether a banned IPv4 address is out, cold", whether, single, true},
		{"IPv4 address that is not banned, cold", why, strangers4, false},
		{"IPv6 address that is not banned, cold", why, strangers6, false},
		{"banned IPv4 address, asked for again", why, single[:1000], true},
		{"IPv4 address that is not banned, asked for again", why, strangers4[:1000], false},
	} {
		ns, allocations, err := cost(row.ask, row.addrs, row.banned)
		if err != nil {
			return fmt.Errorf("%s: %w", row.name, err)
		}
		table.Row(row.name, fmt.Sprintf("%.0f", ns), fmt.Sprintf("%.2f M", 1000/ns), fmt.Sprintf("%.0f", allocations))
	}
	return nil
}

// cost returns what one look-up takes, in CPU time, and how often it allocates.
func cost(ask func(netip.Addr) bool, addrs []netip.Addr, want bool) (ns, allocations float64, err error) {
	repeat := max(1, 1_000_000/len(addrs))
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := cpuTime()
		for range repeat {
			for _, addr := range addrs {
				if banned := ask(addr); banned != want {
					return 0, 0, fmt.Errorf("%s: banned %v", addr, banned)
				}
			}
		}
		took := float64((cpuTime() - start).Nanoseconds()) / float64(repeat*len(addrs))
		runtime.ReadMemStats(&after)
		if ns == 0 || took < ns {
			ns = took
		}
		allocations = float64((after.Mallocs - before.Mallocs) / uint64(repeat*len(addrs)))
	}
	return ns, allocations, nil
}

// cpuTime is what this process has taken so far: on a machine that others use too
// it says more than the clock does.
func cpuTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		panic(err) // there is no other argument that it could dislike
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
