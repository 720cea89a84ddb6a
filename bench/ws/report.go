package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
)

// column is whose a figure is.
type column int

const (
	ofJoingyd column = iota
	ofBare
	ofCentrifugo
	columns
)

var columnNames = [columns]string{"joingyd", "bare coder/websocket", "Centrifugo"}

// report is the one table of a run.
type report struct {
	out  io.Writer
	rows []*row
	used [columns]bool
}

// row is a figure of every server. Where a ratio means something, number has it
// too.
type row struct {
	what   string
	cells  [columns]string
	number [columns]float64
}

func newReport(out io.Writer) *report {
	return &report{out: out, used: [columns]bool{ofJoingyd: true, ofBare: true}}
}

// text adds a figure as it reads.
func (r *report) text(c column, what, cell string) *row {
	r.used[c] = true
	for _, known := range r.rows {
		if known.what == what {
			known.cells[c] = cell
			return known
		}
	}
	added := &row{what: what}
	added.cells[c] = cell
	r.rows = append(r.rows, added)
	return added
}

// figure adds a number that may be compared.
func (r *report) figure(c column, what string, value float64, decimals int) {
	r.text(c, what, strconv.FormatFloat(value, 'f', decimals, 64)).number[c] = value
}

// print prints the rows. × is joingyd's figure as a multiple of the one before it.
func (r *report) print(took time.Duration) {
	head, rule := "| what", "|---"
	for c, name := range columnNames {
		if r.used[c] {
			head, rule = head+" | "+name, rule+"|---"
		}
		if r.used[c] && column(c) != ofJoingyd {
			head, rule = head+" | ×", rule+"|---"
		}
	}
	fmt.Fprintf(r.out, "%s |\n%s|\n", head, rule)
	for _, row := range r.rows {
		fmt.Fprintf(r.out, "| %s | %s |", row.what, row.cells[ofJoingyd])
		for c := ofBare; c < columns; c++ {
			if r.used[c] {
				fmt.Fprintf(r.out, " %s | %s |", row.cells[c], markdown.Ratio(row.number[ofJoingyd], row.number[c]))
			}
		}
		fmt.Fprintln(r.out)
	}
	fmt.Fprintf(r.out, "\nThe run took %s.\n", took.Round(time.Second))
}

// latencies prints p50, p99 and the maximum in milliseconds.
func latencies(samples []time.Duration) string {
	ms := func(q float64) float64 { return float64(quantile(samples, q)) / float64(time.Millisecond) }
	return fmt.Sprintf("%.2f / %.1f / %.1f", ms(0.5), ms(0.99), ms(1))
}

func microseconds(d time.Duration, n int) float64 {
	return float64(d) / float64(time.Microsecond) / float64(n)
}

func perSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }

// held reports what idle sessions hold and what their joins took.
func (r *report) held(c column, h *held) {
	last, sessions := h.memory[len(h.memory)-1], h.sessions[len(h.sessions)-1]
	r.text(c, "sessions held", fmt.Sprintf("%.0f", sessions))
	r.text(c, "descriptors", strconv.Itoa(last.Descriptors))
	r.figure(c, "goroutines a session", h.slope(func(m memory) int { return m.Goroutines }), 1)
	r.figure(c, "**KiB resident a session** (slope)", h.slope(func(m memory) int { return m.Resident }), 1)
	r.figure(c, "of that KiB of heap spans in use", h.slope(func(m memory) int { return m.Heap })/1024, 1)
	r.figure(c, "of that KiB of stack spans in use", h.slope(func(m memory) int { return m.Stacks })/1024, 1)
	r.figure(c, "resident MiB of the process", float64(last.Resident)/1024, 0)
	r.figure(c, "joins/s, clients on the same cores", perSecond(int(sessions), h.join.took), 0)
	r.figure(c, "µs of the server's CPU a join", microseconds(h.join.cpu, int(sessions)), 0)
	r.text(c, "join, from dialling to welcome: p50 / p99 / max ms", latencies(h.join.samples["join"]))
}

// slope is what a session adds to a figure.
func (h *held) slope(figure func(memory) int) float64 {
	values := make([]float64, len(h.memory))
	for i, m := range h.memory {
		values[i] = float64(figure(m))
	}
	return slope(h.sessions, values)
}

func (r *report) met(d did, pairs int) {
	r.figure(ofJoingyd, fmt.Sprintf("find → matched, %d pairs: pairs/s", pairs), perSecond(pairs, d.took), 0)
	r.text(ofJoingyd, "find → matched: p50 / p99 / max ms", latencies(d.samples["matched"]))
	r.figure(ofJoingyd, "µs of the server's CPU a pair", microseconds(d.cpu, pairs), 0)
}

func (r *report) chat(d did, pairs int, m memory, h *held) {
	title := fmt.Sprintf("%d pairs chat, the others idle: ", pairs)
	r.figure(ofJoingyd, title+"messages/s in", perSecond(d.sent, d.took), 0)
	r.text(ofJoingyd, title+"text to the partner: p50 / p99 / max ms", latencies(d.samples["text"]))
	r.figure(ofJoingyd, title+"µs of the server's CPU a message in, all pings included", microseconds(d.cpu, d.sent), 0)
	grown := float64(m.Resident-h.memory[0].Resident) / h.sessions[len(h.sessions)-1]
	r.figure(ofJoingyd, title+"KiB resident a session, all sessions' mean", grown, 1)
	r.text(ofJoingyd, title+"load late by: p50 / p99 / max ms", latencies(d.samples["late"]))
}

func (r *report) call(d did, pairs int) {
	title := fmt.Sprintf("%d pairs exchange SDP, candidates, text: ", pairs)
	r.figure(ofJoingyd, title+"messages/s in", perSecond(d.sent, d.took), 0)
	for _, kind := range []string{"description", "candidate", "text"} {
		r.text(ofJoingyd, title+kind+" to the partner: p50 / p99 / max ms", latencies(d.samples[kind]))
	}
	r.figure(ofJoingyd, title+"µs of the server's CPU a message in, all pings included", microseconds(d.cpu, d.sent), 0)
	r.text(ofJoingyd, title+"load late by: p50 / p99 / max ms", latencies(d.samples["late"]))
}

func (r *report) crowd(f crowdFigures) {
	title := fmt.Sprintf("%d sessions in memory: ", f.Sessions)
	kib := func(what string, bytes float64) { r.figure(ofJoingyd, title+what, bytes/1024, 1) }
	kib("KiB of live heap a session at rest", f.Rest.Live)
	kib("KiB of stacks a session at rest", f.Rest.Stacks)
	kib("KiB resident a session at rest", f.Rest.Resident)
	r.figure(ofJoingyd, title+"goroutines a session", f.Rest.Goroutines, 1)
	kib("KiB of live heap a session in a chat", f.Paired.Live)
	kib("KiB resident a session in a chat", f.Paired.Resident)
	for _, step := range []struct {
		what string
		took crowdTime
	}{{"join", f.Join}, {"find → matched", f.Match}, {"text and its sent", f.Text}} {
		r.text(ofJoingyd, title+step.what+": all in s, µs of CPU each, clients' ends included",
			fmt.Sprintf("%.1f, %.0f", step.took.Took.Seconds(), microseconds(step.took.CPU, 1)))
	}
	r.text(ofJoingyd, title+"pairs, each side told", strconv.Itoa(f.Pairs))
	r.text(ofJoingyd, title+"texts that reached the partner", strconv.Itoa(f.Texts))
	r.text(ofJoingyd, title+"closed with 1001: all in s", fmt.Sprintf("%.1f", f.Close.Seconds()))
}
