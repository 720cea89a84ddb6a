package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
	"github.com/joingyd/joingyd/cluster/redis"
)

func main() {
	quick := flag.Bool("quick", false, "smaller traces, and no pool of a million: for trying")
	plot := flag.String("plot", "", "`file` to draw what pairs are worth against waiting into (SVG)")
	redisURL := flag.String("redis", "", "`URL` of an empty Redis: measure nodes that share a pool in it, and nothing else")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench-match: unexpected %q; flags are -quick, -plot and -redis\n", flag.Arg(0))
		os.Exit(2)
	}
	b := bench{out: os.Stdout, tickets: 20_000, patiences: []time.Duration{3 * time.Second, 10 * time.Second, 30 * time.Second}}
	waiting := []int{1_000, 10_000, 100_000, 1_000_000}
	if *quick {
		b.tickets, waiting = 4_000, waiting[:2]
	}
	if *redisURL != "" {
		if err := b.inRedis(*redisURL); err != nil {
			fmt.Fprintln(os.Stderr, "bench-match:", err)
			os.Exit(1)
		}
		return
	}
	b.quality()
	b.deciles()
	b.stays()
	b.small()
	b.arrivals(waiting)
	if *plot != "" {
		if err := b.draw(*plot); err != nil {
			fmt.Fprintln(os.Stderr, "bench-match:", err)
			os.Exit(1)
		}
	}
}

// bench prints tables.
type bench struct {
	out       io.Writer
	tickets   int
	patiences []time.Duration
}

// inRedis measures nodes that share a pool in Redis.
func (b bench) inRedis(url string) error {
	conn, err := redis.Dial(context.Background(), redis.Options{URL: url}, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	b.tickets, b.patiences = b.tickets/4, b.patiences[:2]
	return b.shared(conn)
}

// makers are the matchmakers that are compared.
var makers = []struct {
	name string
	make func(*trace, time.Duration) matchmaker
}{
	{"first come, first served", func(t *trace, p time.Duration) matchmaker { return newPlain(t, false, p) }},
	{"greedy", func(t *trace, p time.Duration) matchmaker { return newPlain(t, true, p) }},
	{"joingyd", func(t *trace, p time.Duration) matchmaker { return newOurs(t, p) }},
}

// measure plays the trace to one of makers.
func measure(t *trace, maker int, patience time.Duration, optimum float64) quality {
	return judge(t, play(t, makers[maker].make(t, patience)), optimum)
}

// quality is the table of how well pairs are made, by how busy the site is and how long
// its visitors are let wait.
func (b bench) quality() {
	table := markdown.NewTable(b.out, "arrivals/s", "patience", "matchmaker", "Q", "with a common interest", "wait p50", "p99", "rarest tenth, p99", "left unpaired", "met again")
	for _, rate := range []float64{2, 10, 50} {
		t := newTrace(standard(b.tickets, rate))
		for _, patience := range b.patiences {
			markAlone(t, patience)
			optimum := best(t, patience)
			for i, m := range makers {
				q := measure(t, i, patience, optimum)
				table.Row(fmt.Sprint(rate), seconds(patience), m.name, fmt.Sprintf("%.3f", q.q), percent(q.common),
					seconds(q.wait.p50), seconds(q.wait.p99), seconds(q.deciles[0].p99), percent(q.left), fmt.Sprint(q.repeats))
			}
		}
	}
	fmt.Fprintln(b.out)
}

// deciles is the table of waits by how rare the rarest interest of a visitor is.
func (b bench) deciles() {
	const rate, patience = 10, 30 * time.Second
	t := newTrace(standard(b.tickets, rate))
	markAlone(t, patience)
	optimum := best(t, patience)
	table := markdown.NewTable(b.out, "rarity of the rarest interest", "first come, first served: p50", "p99", "max", "greedy: p50", "p99", "max", "joingyd: p50", "p99", "max")
	var all [3]quality
	for i := range makers {
		all[i] = measure(t, i, patience, optimum)
	}
	for d := range all[0].deciles {
		cells := []string{fmt.Sprintf("tenth %d", d+1)}
		for _, q := range all {
			cells = append(cells, seconds(q.deciles[d].p50), seconds(q.deciles[d].p99), seconds(q.deciles[d].max))
		}
		table.Row(cells...)
	}
	fmt.Fprintln(b.out)
}

// stays is the table of Q by how soon visitors leave.
func (b bench) stays() {
	table := markdown.NewTable(b.out, "visitors stay in line for, on average", "patience", "greedy", "joingyd")
	for _, stay := range []time.Duration{time.Minute, 3 * time.Minute, 10 * time.Minute} {
		s := standard(b.tickets, 10)
		s.leave = stay
		t := newTrace(s)
		for _, patience := range b.patiences {
			markAlone(t, patience)
			optimum := best(t, patience)
			table.Row(fmt.Sprintf("%.0f min", stay.Minutes()), seconds(patience),
				fmt.Sprintf("%.3f", measure(t, 1, patience, optimum).q), fmt.Sprintf("%.3f", measure(t, 2, patience, optimum).q))
		}
	}
	fmt.Fprintln(b.out)
}

// small is the table of Q on traces that are over before the pool has learnt much.
func (b bench) small() {
	table := markdown.NewTable(b.out, "2,000 tickets after a start, seed", "greedy, patience 10 s", "joingyd, 10 s", "greedy, 30 s", "joingyd, 30 s")
	for seed := range uint64(5) {
		s := standard(2000, 10)
		s.seed += seed
		t := newTrace(s)
		cells := []string{fmt.Sprint(s.seed)}
		for _, patience := range []time.Duration{10 * time.Second, 30 * time.Second} {
			markAlone(t, patience)
			optimum := best(t, patience)
			for _, maker := range []int{1, 2} {
				cells = append(cells, fmt.Sprintf("%.3f", measure(t, maker, patience, optimum).q))
			}
		}
		table.Row(cells...)
	}
	fmt.Fprintln(b.out)
}

// arrivals is the table of what an arrival costs.
func (b bench) arrivals(waiting []int) {
	const patience = 30 * time.Second
	table := markdown.NewTable(b.out, "waiting", "arrivals/s", "µs of CPU an arrival", "µs of its later searches", "bytes an arrival")
	for _, n := range waiting {
		// With this patience a visitor waits for some 17 s on average.
		c := measureArrivals(float64(n)/17, n/2, patience, 200_000)
		table.Row(fmt.Sprint(c.waiting), fmt.Sprintf("%.0f", c.rate), micros(c.add), micros(c.later), fmt.Sprintf("%.0f", c.bytes))
	}
	fmt.Fprintln(b.out)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func micros(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Nanoseconds())/1000) }

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
