package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	wholeTime = 5 * time.Minute
	stepTime  = time.Minute
)

// step is one thing that is done and looked at. What it returns beside an error are
// figures to print.
type step struct {
	name string
	do   func(context.Context) (figure string, err error)
}

type row struct {
	name, figure string
	took         time.Duration
	err          error
}

// report is what became of the steps.
type report struct {
	out  io.Writer
	rows []row
}

// step does one, prints its row, and reports whether it went well.
func (r *report) step(ctx context.Context, name string, do func(context.Context) (string, error)) bool {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	began := time.Now()
	figure, err := do(ctx)
	done := row{name, figure, time.Since(began), err}
	r.rows = append(r.rows, done)
	fmt.Fprintf(r.out, "%-6s %6.1f s  %s", done.result(), done.took.Seconds(), name)
	if figure != "" {
		fmt.Fprintf(r.out, ": %s", figure)
	}
	fmt.Fprintln(r.out)
	if err != nil {
		fmt.Fprintf(r.out, "       %s\n", strings.ReplaceAll(err.Error(), "\n", "\n       "))
	}
	return err == nil
}

func (r row) result() string {
	if r.err != nil {
		return "FAILED"
	}
	return "ok"
}

func (r *report) err() error {
	failed := 0
	for _, row := range r.rows {
		if row.err != nil {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d steps failed", failed, len(r.rows))
	}
	return nil
}

// took sums up how long the steps of these names took.
func (r *report) took(names ...string) (sum time.Duration) {
	for _, row := range r.rows {
		for _, name := range names {
			if row.name == name {
				sum += row.took
			}
		}
	}
	return sum
}

// tables prints the rows and the figures for documents.
func (r *report) tables(s *site) {
	fmt.Fprintf(r.out, "\n| step | result | seconds | figure |\n|---|---|---:|---|\n")
	for _, row := range r.rows {
		fmt.Fprintf(r.out, "| %s | %s | %.1f | %s |\n", row.name, strings.ToLower(row.result()), row.took.Seconds(), row.figure)
	}
	fmt.Fprintf(r.out, "\n| package | fetched | installed | memory at rest | start to active | exposure |\n|---|---:|---:|---:|---:|---:|\n")
	for _, p := range append([]peer{s.own}, s.peers...) {
		fmt.Fprintf(r.out, "| %s %s | %.1f MB | %.1f MB | %.1f MB | %d ms | %s |\n", p.name, p.version,
			float64(p.fetched)/1e6, float64(p.installed)/1e6, float64(p.memory)/1e6, p.start.Milliseconds(), p.exposure)
	}
	fmt.Fprintf(r.out, "\ninstall to first call: %.1f s\n", r.took(stepInstall, stepSetup, stepCall).Seconds())
	fmt.Fprintf(r.out, "upgrade: %s\n", s.interruption)
}
