package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

// bench is one run of the benchmark.
type bench struct {
	*options
	report *report
}

// run runs every section and prints the table of what they found, also when one
// fails.
func (b *bench) run(ctx context.Context) (err error) {
	began := time.Now()
	defer func() { b.report.print(time.Since(began)) }()
	for _, section := range []struct {
		name string
		run  func(context.Context) error
	}{{"joingyd", b.joingyd}, {"bare", b.bare}, {"centrifugo", b.centrifugoRun}, {"crowd", b.crowdRun}} {
		if !b.runs(section.name) {
			continue
		}
		if err := section.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", section.name, err)
		}
	}
	return nil
}

func (b *bench) joingyd(ctx context.Context) error {
	d, err := startDaemon(ctx, b.daemon)
	if err != nil {
		return err
	}
	defer d.stop()
	loads, err := b.startLoads(ctx, "load", d.url())
	defer stopAll(loads)
	if err != nil {
		return err
	}
	held, err := b.hold(ctx, d, loads)
	if err != nil {
		return err
	}
	b.report.held(ofJoingyd, held)
	if err := b.chat(d, loads, held); err != nil {
		return err
	}
	return b.call(d, loads)
}

func (b *bench) bare(ctx context.Context) error {
	s, err := startBareServer(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	return b.peer(ctx, s, "load", ofBare)
}

func (b *bench) centrifugoRun(ctx context.Context) error {
	if b.centrifugo == "" {
		return nil
	}
	s, err := startCentrifugo(ctx, b.centrifugo)
	if err != nil {
		return err
	}
	defer s.stop()
	return b.peer(ctx, s, "centrifugo-load", ofCentrifugo)
}

// peer holds as many connections to a server that joingyd is compared with.
func (b *bench) peer(ctx context.Context, s server, load string, c column) error {
	loads, err := b.startLoads(ctx, load, s.url())
	defer stopAll(loads)
	if err != nil {
		return err
	}
	held, err := b.hold(ctx, s, loads)
	if err != nil {
		return err
	}
	b.report.held(c, held)
	return nil
}

func (b *bench) crowdRun(ctx context.Context) error {
	p, _, err := startChild(ctx, "crowd")
	if err != nil {
		return err
	}
	defer p.stop()
	b.progress("crowd of %d", b.crowd)
	a, err := p.ask(question{Ask: "run", N: b.crowd / 2 * 2})
	if err != nil {
		return err
	}
	b.report.crowd(*a.Crowd)
	return nil
}

// startLoads starts load processes of a kind. It returns those started also with an
// error.
func (b *bench) startLoads(ctx context.Context, kind, url string) (loads []*process, err error) {
	for i := range b.loads {
		p, _, err := startChild(ctx, kind, url, strconv.Itoa(i*maxPerProcess))
		if err != nil {
			return loads, err
		}
		loads = append(loads, p)
	}
	return loads, nil
}

func stopAll(processes []*process) {
	for _, p := range processes {
		p.stop()
	}
}

// ask asks every load process at once, each for its share of n.
func (b *bench) ask(s server, loads []*process, n int, q question) (d did, err error) {
	before, err := processCPU(s.pid())
	if err != nil {
		return d, err
	}
	answers, errs := make([]answer, len(loads)), make([]error, len(loads))
	var all sync.WaitGroup
	for i, p := range loads {
		share := q
		share.N = b.share(n, i)
		all.Go(func() { answers[i], errs[i] = p.ask(share) })
	}
	all.Wait()
	after, err := processCPU(s.pid())
	d.cpu, d.samples = after-before, make(map[string][]time.Duration)
	for i, a := range answers {
		if errs[i] != nil {
			return d, errs[i]
		}
		d.took, d.sent = max(d.took, a.Took), d.sent+a.Sent
		for what, samples := range a.Samples {
			d.samples[what] = append(d.samples[what], samples...)
		}
	}
	return d, err
}

func (b *bench) progress(format string, args ...any) {
	if b.verbose {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}
