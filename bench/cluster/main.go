package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/joingyd/joingyd/bench/command"
	"github.com/joingyd/joingyd/bench/markdown"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "node" { // a child
		var n node
		if err := command.Answer(os.Stdin, os.Stdout, n.answer); err != nil {
			fmt.Fprintln(os.Stderr, "bench-cluster: node:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	flags := flag.NewFlagSet("bench-cluster", flag.ExitOnError)
	b := bench{out: os.Stdout}
	flags.IntVar(&b.large, "waiting", 100_000, "the most tickets that wait")
	flags.DurationVar(&b.time, "time", 15*time.Second, "how long each row is measured")
	flags.StringVar(&b.match, "match", "", "bench-match's `program`: have it measure how well nodes pair")
	err := command.Parse(flags, os.Args[1:], "10,000 tickets and 3 s a row: for trying", map[string]func(){
		"waiting": func() { b.large, b.quick = 10_000, true }, "time": func() { b.time = 3 * time.Second },
	})
	if err == nil {
		err = b.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-cluster:", err)
		os.Exit(1)
	}
}

// bench prints tables.
type bench struct {
	out    io.Writer
	large  int
	quick  bool
	match  string
	time   time.Duration
	dir    string
	server *server
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("", "bench-cluster-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.server, err = startServer(ctx, b.dir); err != nil {
		return err
	}
	defer b.server.end()
	for _, measure := range []func(context.Context) error{b.matches, b.memory} {
		if err := measure(ctx); err != nil {
			return err
		}
		fmt.Fprintln(b.out)
	}
	b.local()
	return b.quality(ctx)
}

// quality has bench-match print how well nodes pair that share a pool.
func (b *bench) quality(ctx context.Context) error {
	if b.match == "" {
		return nil
	}
	if err := b.server.flush(ctx); err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	cmd := exec.CommandContext(ctx, b.match, "-redis", b.server.url)
	if b.quick {
		cmd.Args = append(cmd.Args, "-quick")
	}
	cmd.Stdout, cmd.Stderr = b.out, os.Stderr
	return cmd.Run()
}

// row is a site that is measured.
type row struct{ nodes, workers, waiting int }

// matches is the table of how fast nodes pair.
func (b *bench) matches(ctx context.Context) error {
	table := markdown.NewTable(b.out, "nodes", "searches at once", "waiting", "matches/s", "offer p50", "p99", "scripts a match", "tickets seen a search",
		"µs of scripts a match", "µs of Redis' CPU a match", "µs of nodes' CPU a match", "bytes to and from Redis a match", "Redis busy", "found twice")
	rows := []row{{1, 1, 1000}, {1, 16, 1000}, {2, 16, 1000}, {3, 16, 1000}, {1, 16, 10_000}, {2, 16, 10_000}, {3, 16, 10_000}}
	if b.large > 10_000 {
		rows = append(rows, row{3, 16, b.large})
	}
	for _, r := range rows {
		if err := b.row(ctx, table, r); err != nil {
			return fmt.Errorf("%d nodes, %d waiting: %w", r.nodes, r.waiting, err)
		}
	}
	return nil
}

func (b *bench) row(ctx context.Context, table markdown.Table, r row) error {
	s, err := b.start(ctx, r)
	if err != nil {
		return err
	}
	defer s.end()
	if _, err := s.ask(question{Ask: "warm", Arrivals: int64(2.5 * patience.Seconds() * rateFor(r.waiting))}); err != nil {
		return err
	}
	before, err := b.server.spent(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	answers, err := s.ask(question{Ask: "measure", Time: b.time})
	if err != nil {
		return err
	}
	took := time.Since(began)
	after, err := b.server.spent(ctx)
	if err != nil {
		return err
	}
	var sum answer
	for _, a := range answers {
		sum.Matches += a.Matches - a.Refused
		sum.Refused += a.Refused
		sum.Waiting += a.Waiting
		sum.Downs += a.Downs
		sum.CPU += a.CPU
		sum.Stats.Calls += a.Stats.Calls
		sum.Stats.Visits += a.Stats.Visits
		sum.Offer.P50 = max(sum.Offer.P50, a.Offer.P50) // of the slowest node
		sum.Offer.P99 = max(sum.Offer.P99, a.Offer.P99)
	}
	if sum.Matches == 0 {
		return fmt.Errorf("nobody was paired")
	}
	if sum.Downs > 0 {
		fmt.Fprintf(os.Stderr, "bench-cluster: %d calls of the next row failed: Redis did not answer for a second; the machine is too busy\n", sum.Downs)
	}
	used := after.since(before)
	each := func(n float64) string { return fmt.Sprintf("%.1f", n/float64(sum.Matches)) }
	micros := func(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d)/float64(sum.Matches)/1000) }
	table.Row(fmt.Sprint(r.nodes), fmt.Sprint(r.nodes*r.workers), fmt.Sprint(sum.Waiting), fmt.Sprintf("%.0f", float64(sum.Matches)/took.Seconds()),
		millis(sum.Offer.P50), millis(sum.Offer.P99), each(float64(used.scripts)), fmt.Sprintf("%.1f", float64(sum.Stats.Visits)/float64(sum.Stats.Calls)),
		micros(used.script), micros(used.cpu), micros(sum.CPU), each(float64(used.in+used.out)),
		fmt.Sprintf("%.0f %%", 100*used.cpu.Seconds()/took.Seconds()), fmt.Sprintf("%.2f %%", 100*float64(sum.Refused)/float64(sum.Matches)))
	return nil
}

// memory is the table of what Redis holds of a ticket.
func (b *bench) memory(ctx context.Context) error {
	table := markdown.NewTable(b.out, "waiting", "bytes a ticket in Redis")
	for _, waiting := range []int{10_000, b.large} {
		s, err := b.start(ctx, row{1, 16, waiting})
		if err != nil {
			return err
		}
		before, err := b.server.spent(ctx)
		if err == nil {
			_, err = s.ask(question{Ask: "fill", Arrivals: int64(waiting)})
		}
		s.end()
		if err != nil {
			return err
		}
		after, err := b.server.spent(ctx)
		if err != nil {
			return err
		}
		table.Row(fmt.Sprint(waiting), fmt.Sprint(after.since(before).memory/int64(waiting)))
		if waiting == b.large {
			break
		}
	}
	return nil
}

// local is the table of what the pool of one machine does with the same visitors.
func (b *bench) local() {
	table := markdown.NewTable(b.out, "waiting, one machine's pool", "matches/s of one core", "µs of CPU a match", "arrival p99")
	for _, waiting := range []int{1000, 10_000, b.large} {
		c := measureLocal(waiting, max(50_000, waiting))
		table.Row(fmt.Sprint(c.waiting), fmt.Sprintf("%.0f", 1/c.cpu.Seconds()), fmt.Sprintf("%.1f", float64(c.cpu.Nanoseconds())/1000), millis(c.p99))
		if waiting == b.large {
			break
		}
	}
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
