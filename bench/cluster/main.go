package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("bench-cluster", flag.ExitOnError)
	b := bench{out: os.Stdout}
	flags.IntVar(&b.large, "waiting", 100_000, "the most tickets that wait")
	flags.DurationVar(&b.time, "time", 15*time.Second, "how long each row is measured")
	flags.StringVar(&b.match, "match", "", "bench-match's `program`: have it measure how well nodes pair")
	simulate := flags.Bool("simulate", false, "reckon what large sites need instead, from what is measured here")
	err := command.Parse(flags, os.Args[1:], "10,000 tickets and 3 s a row: for trying", map[string]func(){
		"waiting": func() { b.large, b.quick = 10_000, true }, "time": func() { b.time = 3 * time.Second },
	})
	switch {
	case err != nil:
	case *simulate:
		err = b.on(ctx, b.simulate)
	default:
		err = b.on(ctx, b.run)
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

// on does something with a Redis of its own.
func (b *bench) on(ctx context.Context, do func(context.Context) error) (err error) {
	if b.dir, err = os.MkdirTemp("", "bench-cluster-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.server, err = startServer(ctx, b.dir); err != nil {
		return err
	}
	defer b.server.end()
	return do(ctx)
}

func (b *bench) run(ctx context.Context) error {
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
type row struct {
	nodes, workers, waiting int
	alike                   bool // all in one gate
}

// matches is the table of how fast nodes pair.
func (b *bench) matches(ctx context.Context) error {
	table := markdown.NewTable(b.out, "nodes", "searches at once", "waiting", "matches/s", "offer p50", "p99", "scripts a match", "tickets seen a search",
		"µs of scripts a match", "µs of Redis' CPU a match", "µs of nodes' CPU a match", "bytes to and from Redis a match", "Redis busy", "found twice")
	rows := []row{{1, 1, 1000, false}, {1, 16, 1000, false}, {2, 16, 1000, false}, {3, 16, 1000, false}, {1, 16, 10_000, false}, {2, 16, 10_000, false}, {3, 16, 10_000, false}}
	if b.large > 10_000 {
		rows = append(rows, row{3, 16, b.large, false})
	}
	for _, r := range rows {
		if err := b.row(ctx, table, r); err != nil {
			return fmt.Errorf("%d nodes, %d waiting: %w", r.nodes, r.waiting, err)
		}
	}
	return nil
}

// measured is what nodes did in a while, and what Redis spent on it.
type measured struct {
	sum  answer
	used spent
	took time.Duration
}

// measure starts nodes, and measures when as many wait as there will be.
func (b *bench) measure(ctx context.Context, r row) (m measured, err error) {
	s, err := b.start(ctx, r)
	if err != nil {
		return m, err
	}
	defer s.end()
	if _, err := s.ask(question{Ask: "warm", Arrivals: int64(1.5 * patience.Seconds() * rateFor(r.waiting))}); err != nil {
		return m, err
	}
	before, err := b.server.spent(ctx)
	if err != nil {
		return m, err
	}
	began := time.Now()
	answers, err := s.ask(question{Ask: "measure", Time: b.time})
	if err != nil {
		return m, err
	}
	m.took = time.Since(began)
	after, err := b.server.spent(ctx)
	if err != nil {
		return m, err
	}
	for _, a := range answers {
		m.sum.Matches += a.Matches - a.Refused
		m.sum.Refused += a.Refused
		m.sum.Waiting += a.Waiting
		m.sum.Downs += a.Downs
		m.sum.CPU += a.CPU
		m.sum.Stats.Calls += a.Stats.Calls
		m.sum.Stats.Visits += a.Stats.Visits
		m.sum.Offer.P50 = max(m.sum.Offer.P50, a.Offer.P50) // of the slowest node
		m.sum.Offer.P99 = max(m.sum.Offer.P99, a.Offer.P99)
	}
	if m.sum.Matches == 0 {
		return m, fmt.Errorf("nobody was paired")
	}
	if m.sum.Downs > 0 {
		fmt.Fprintf(os.Stderr, "bench-cluster: %d calls of the next row failed: Redis did not answer for a second; the machine is too busy\n", m.sum.Downs)
	}
	m.used = after.since(before)
	return m, nil
}

func (b *bench) row(ctx context.Context, table markdown.Table, r row) error {
	m, err := b.measure(ctx, r)
	if err != nil {
		return err
	}
	each := func(n float64) string { return fmt.Sprintf("%.1f", n/float64(m.sum.Matches)) }
	micros := func(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d)/float64(m.sum.Matches)/1000) }
	table.Row(fmt.Sprint(r.nodes), fmt.Sprint(r.nodes*r.workers), fmt.Sprint(m.sum.Waiting), fmt.Sprintf("%.0f", float64(m.sum.Matches)/m.took.Seconds()),
		millis(m.sum.Offer.P50), millis(m.sum.Offer.P99), each(float64(m.used.scripts)), fmt.Sprintf("%.1f", float64(m.sum.Stats.Visits)/float64(m.sum.Stats.Calls)),
		micros(m.used.script), micros(m.used.cpu), micros(m.sum.CPU), each(float64(m.used.in+m.used.out)),
		fmt.Sprintf("%.0f %%", 100*m.used.cpu.Seconds()/m.took.Seconds()), fmt.Sprintf("%.2f %%", 100*float64(m.sum.Refused)/float64(m.sum.Matches)))
	return nil
}

// memory is the table of what Redis holds of a ticket.
func (b *bench) memory(ctx context.Context) error {
	table := markdown.NewTable(b.out, "waiting", "bytes a ticket in Redis")
	for _, waiting := range []int{10_000, b.large} {
		s, err := b.start(ctx, row{1, 16, waiting, false})
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
