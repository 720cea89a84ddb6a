package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
	"github.com/joingyd/joingyd/match/pool"
)

const (
	busy        = 0.6    // part of a processor that a Redis is to spend at most
	nodeOf      = 50_000 // sessions of a node
	largestPart = 50_000 // tickets in a shard, from which on the pool splits it
	seldom      = 0.25   // of the searches, those that look for who names no language
)

// simulate reckons what sites need of Redis. Measured, on this machine: what a script costs by
// how many wait in a shard, and a renewal, and the bytes. Simulated, visitor by visitor, by the
// daemon's own pool: who waits, who searches when and whom they find, on a site of that size in
// one pool, and in shards. Simulated, script by script: how they queue before a Redis. Reckoned:
// the sum of it for many Redis processes, which share nothing.
func (b *bench) simulate(ctx context.Context) error {
	costs, err := b.calibrate(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	table := markdown.NewTable(b.out, "online", "waiting", "arrivals/s", "matches/s", "searches an arrival", "scripts/s", "renewals/s of them", "scripts a match",
		"Redis' CPU a match", "MB/s to and from Redis", "tickets in Redis", "Redis processes", "shards of the largest gate", "nodes")
	sizes := []int{10_000, 100_000, 1_000_000}
	if b.quick {
		sizes = sizes[:2]
	}
	for _, waiting := range sizes {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b.site(table, waiting, costs)
	}
	fmt.Fprintln(b.out)
	b.shards(min(b.large, 50_000))
	fmt.Fprintln(b.out)
	b.queue(costs.at(largestPart / 2))
	return nil
}

// costs are what was measured of scripts.
type costs struct {
	waiting []float64 // in the shard
	script  []time.Duration
	renewal time.Duration
	bytes   float64 // a script, both ways
	ticket  float64 // bytes in Redis, for each gate that it stands in
}

// at returns what a script costs where so many wait: between two measurements by the
// logarithm.
func (c costs) at(waiting float64) time.Duration {
	last := len(c.waiting) - 1
	if waiting <= c.waiting[0] {
		return c.script[0]
	}
	for i := range last {
		if waiting <= c.waiting[i+1] {
			part := math.Log(waiting/c.waiting[i]) / math.Log(c.waiting[i+1]/c.waiting[i])
			return c.script[i] + time.Duration(part*float64(c.script[i+1]-c.script[i]))
		}
	}
	return c.script[last]
}

// calibrate measures scripts in one shard, in which so many wait.
func (b *bench) calibrate(ctx context.Context) (c costs, err error) {
	table := markdown.NewTable(b.out, "measured: waiting in a shard", "matches/s", "scripts a match", "tickets seen a search", "µs of Redis' CPU a script", "bytes a script")
	sizes := []int{1000, 10_000, largestPart}
	if b.quick {
		sizes = sizes[:2]
	}
	for _, waiting := range sizes {
		m, err := b.measure(ctx, row{nodes: 2, workers: 16, waiting: waiting, alike: true})
		if err != nil {
			return c, err
		}
		c.waiting = append(c.waiting, float64(m.sum.Waiting))
		c.script = append(c.script, m.used.cpu/time.Duration(m.used.scripts))
		c.bytes = float64(m.used.in+m.used.out) / float64(m.used.scripts)
		table.Row(fmt.Sprint(m.sum.Waiting), fmt.Sprintf("%.0f", float64(m.sum.Matches)/m.took.Seconds()), fmt.Sprintf("%.1f", float64(m.used.scripts)/float64(m.sum.Matches)),
			fmt.Sprintf("%.1f", float64(m.sum.Stats.Visits)/float64(m.sum.Stats.Calls)), fmt.Sprintf("%.1f", float64(c.script[len(c.script)-1].Nanoseconds())/1000), fmt.Sprintf("%.0f", c.bytes))
	}
	const tickets, renewals = 10_000, 2000
	s, err := b.start(ctx, row{nodes: 1, workers: 16, waiting: tickets, alike: true})
	if err != nil {
		return c, err
	}
	defer s.end()
	empty, err := b.server.spent(ctx)
	if err != nil {
		return c, err
	}
	if _, err := s.ask(question{Ask: "fill", Arrivals: tickets}); err != nil {
		return c, err
	}
	full, err := b.server.spent(ctx)
	if err != nil {
		return c, err
	}
	if _, err := s.ask(question{Ask: "renew", Arrivals: renewals}); err != nil {
		return c, err
	}
	after, err := b.server.spent(ctx)
	c.ticket = float64(full.since(empty).memory) / tickets
	c.renewal = after.since(full).cpu / renewals
	fmt.Fprintf(b.out, "\nMeasured: %.1f µs of Redis' CPU a renewal; %.0f bytes a ticket and gate.\n", float64(c.renewal.Nanoseconds())/1000, c.ticket)
	return c, err
}

// site is a row about a site on which so many wait, ten times as many of whom are online.
func (b *bench) site(table markdown.Table, waiting int, c costs) {
	rate := rateFor(waiting)
	w := newWorld(waiting, 1)
	w.run(2 * patience.Seconds())
	before := *w
	searches := w.searches()
	w.run(math.Min(10, 3e5/rate))
	arrivals, matches := float64(w.arrivals-before.arrivals), float64(w.matches-before.matches)
	took := arrivals / rate
	perArrival := float64(w.searches()-searches) / arrivals
	gates := float64(w.gates) / float64(w.arrivals) // a ticket stands in
	largest := float64(w.largest) / float64(w.arrivals)

	scripts := perArrival * rate * (gates + seldom)
	nodes := math.Ceil(float64(10*waiting) / nodeOf)
	shards, parts := 1.0, 0.0
	for largest*float64(w.waiting())/shards > largestPart || largest*rate*perArrival/shards*c.at(largest*float64(w.waiting())/shards).Seconds() > busy {
		shards *= 2
	}
	for _, share := range w.shares() { // each gate is split so that its shards are not larger than the largest gate's
		parts += math.Max(1, math.Ceil(share/(largest/shards)))
	}
	renewals := nodes * parts
	cpu := scripts*c.at(largest*float64(w.waiting())/shards).Seconds() + renewals*c.renewal.Seconds()
	table.Row(thousands(10*waiting), thousands(w.waiting()), fmt.Sprintf("%.0f", rate), fmt.Sprintf("%.0f", matches/took), fmt.Sprintf("%.1f", perArrival),
		thousands(int(scripts+renewals)), thousands(int(renewals)), fmt.Sprintf("%.1f", (scripts+renewals)/(matches/took)),
		fmt.Sprintf("%.0f µs", cpu/(matches/took)*1e6), fmt.Sprintf("%.0f", (scripts+renewals)*c.bytes/1e6), fmt.Sprintf("%.0f MB", float64(w.waiting())*gates*c.ticket/1e6),
		fmt.Sprintf("%.0f", math.Ceil(cpu/busy)), fmt.Sprintf("%.0f", shards), fmt.Sprintf("%.0f", nodes))
}

// shards is the table of what shards cost: who is in another is not met.
func (b *bench) shards(waiting int) {
	table := markdown.NewTable(b.out, fmt.Sprintf("simulated, %d waiting: shards of each gate", waiting), "worth of a pair", "with a common interest", "wait, mean")
	one := 0.0
	for _, count := range []int{1, 4, 16, 64} {
		w := newWorld(waiting, count)
		w.run(2 * patience.Seconds())
		before := *w
		w.run(patience.Seconds() / 2)
		matches := float64(w.matches - before.matches)
		worth := (w.worth - before.worth) / matches
		if count == 1 {
			one = worth
		}
		table.Row(fmt.Sprint(count), fmt.Sprintf("%.1f %%", 100*worth/one), fmt.Sprintf("%.1f %%", 100*float64(w.common-before.common)/matches),
			fmt.Sprintf("%.1f s", float64(w.waiting())/rateFor(waiting)))
	}
}

// queue is the table of how long scripts take at a Redis that is so busy: they come from many
// nodes, independently, and each takes as long as was measured on average, most of it evenly
// spread.
func (b *bench) queue(script time.Duration) {
	table := markdown.NewTable(b.out, "simulated: Redis busy", "scripts/s", "a script takes, p50", "p99", "p99.9")
	random := rand.New(rand.NewPCG(1, 2))
	for _, load := range []float64{0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95} {
		const n = 500_000
		var took []time.Duration
		now, free := 0.0, 0.0
		for range n {
			now += random.ExpFloat64() * script.Seconds() / load
			free = max(free, now) + script.Seconds()*(0.25+1.5*random.Float64())
			took = append(took, time.Duration((free-now)*float64(time.Second)))
		}
		p50, p99 := quantile(took, 50), quantile(took, 99)
		table.Row(fmt.Sprintf("%.0f %%", 100*load), fmt.Sprintf("%.0f", load/script.Seconds()), millis(p50), millis(p99), millis(took[n*999/1000]))
	}
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// world is a whole site in one process, in simulated time: pools of this machine stand for
// shards, each of which holds the same share of every gate.
type world struct {
	rate     float64
	now      time.Time
	visitors *visitors
	pools    []*pool.Pool
	weights  map[string]float64 // of interests, in nats
	gate     map[string]int     // arrivals by gate

	arrivals int
	gates    int // that they stand in
	largest  int // of them, arrivals in the largest
	matches  int
	common   int
	worth    float64
}

func newWorld(waiting, shards int) *world {
	w := &world{rate: rateFor(waiting), now: epoch, visitors: newVisitors(waiting, 7, 1), weights: make(map[string]float64), gate: make(map[string]int)}
	for i := range shards {
		w.pools = append(w.pools, pool.New(pool.Options{Patience: patience, Seed: uint64(i)}))
	}
	counts := make(map[string]int)
	for _, v := range w.visitors.people {
		for _, i := range v.Named {
			counts[i.Folded]++
		}
	}
	for name, n := range counts {
		w.weights[name] = math.Log(float64(len(w.visitors.people)) / float64(n))
	}
	return w
}

// run lets so many seconds pass.
func (w *world) run(seconds float64) {
	for end := w.now.Add(time.Duration(seconds * float64(time.Second))); w.now.Before(end); {
		w.now = w.now.Add(time.Duration(float64(time.Second) / w.rate))
		t := w.visitors.local(w.now)
		w.arrivals++
		w.gates += max(1, len(t.Languages))
		for _, language := range t.Languages {
			w.gate[string(t.Mode)+language]++
		}
		if len(t.Languages) == 0 {
			w.gate[string(t.Mode)]++
		}
		w.largest = max(w.largest, w.gate["videoen"])
		p := w.pools[w.shardOf(t)]
		if partner := p.Add(t, w.now); partner != nil {
			w.pair(t, partner)
		}
		if at, ok := p.Next(); ok && !at.After(w.now) {
			for _, pair := range p.Expire(w.now) {
				w.pair(pair.A, pair.B)
			}
		}
	}
}

// shardOf is the shard of the rarest interest.
func (w *world) shardOf(t *pool.Ticket) int {
	if len(w.pools) == 1 {
		return 0
	}
	rarest := 0
	for i, interest := range t.Interests {
		if w.weights[interest.Folded] > w.weights[t.Interests[rarest].Folded] {
			rarest = i
		}
	}
	hash := uint64(14695981039346656037)
	for _, c := range []byte(t.Interests[rarest].Folded) {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	return int(hash >> 20 % uint64(len(w.pools)))
}

func (w *world) pair(a, b *pool.Ticket) {
	w.matches++
	names := pool.Common(a.Interests, b.Interests)
	if len(names) > 0 {
		w.common++
	}
	for _, name := range names {
		w.worth += w.weights[name]
	}
}

func (w *world) waiting() (n int) {
	for _, p := range w.pools {
		n += p.Len()
	}
	return n
}

func (w *world) searches() (n uint64) {
	for _, p := range w.pools {
		n += p.Searches()
	}
	return n
}

// shares are the gates' shares of the arrivals.
func (w *world) shares() (list []float64) {
	for _, n := range w.gate {
		list = append(list, float64(n)/float64(w.arrivals))
	}
	return list
}
