package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
)

// sets is the table of the list in nftables sets, which match packets in the
// kernel: how long it takes to load, and what it takes of the kernel's memory. The
// ruleset lives in a network namespace of its own and goes with it.
func (b *bench) sets(ctx context.Context, _ string) error {
	table := markdown.NewTable(b.out, fmt.Sprintf("%d entries in nftables", b.bans), "to load, s", "memory of the kernel, MiB")
	for _, tool := range []string{"nft", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil || os.Getuid() != 0 {
			table.Row("not measured: needs root, and Debian's packages nftables and util-linux", "", "")
			return nil
		}
	}
	script := filepath.Join(b.dir, "sets.nft")
	if err := b.writeSets(script); err != nil {
		return err
	}
	// The shell prints the kernel's memory, loads, and prints it again.
	cmd := exec.CommandContext(ctx, "unshare", "-n", "sh", "-c", `
		used() { awk '/^(Slab|VmallocUsed|Percpu|KernelStack):/ { n += $2 } END { print n }' /proc/meminfo; }
		used; nft -f "$1" && used`, "sh", script)
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	took := time.Since(start)
	if err != nil {
		return fmt.Errorf("nft: %w", err)
	}
	var kib [2]int
	for i, field := range strings.Fields(string(out)) {
		if kib[i], err = strconv.Atoi(field); err != nil {
			return err
		}
	}
	table.Row("sets of single addresses, and of intervals", fmt.Sprintf("%.1f", took.Seconds()), fmt.Sprint((kib[1]-kib[0])>>10))
	return nil
}

// writeSets writes the list as a script for nft: sets without intervals where there
// are none, which is what nftables does fastest.
func (b *bench) writeSets(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	sets := []struct {
		name, kind string
		in         func(n int) bool
	}{
		{"single4", "ipv4_addr;", func(n int) bool { return target(n).IsSingleIP() }},
		{"prefixes4", "ipv4_addr; flags interval;", func(n int) bool { return target(n).Bits() == 24 }},
		{"prefixes6", "ipv6_addr; flags interval;", func(n int) bool { return target(n).Addr().Is6() }},
	}
	fmt.Fprintln(w, "table inet joingyd {")
	for _, set := range sets {
		fmt.Fprintf(w, "set %s { type %s elements = {\n", set.name, set.kind)
		for n := range b.bans {
			if set.in(n) {
				fmt.Fprintln(w, strings.TrimSuffix(target(n).String(), "/32")+",")
			}
		}
		fmt.Fprintln(w, "} }")
	}
	fmt.Fprintln(w, "}")
	return w.Flush()
}
