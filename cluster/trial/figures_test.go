package trial_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	before   = 14 * time.Second // a fault, in which all is well
	recovery = 6 * time.Second  // after it: then all has to be well again
)

// row is what a fault did.
type row struct {
	name       string
	fault      span
	pairs      [3]float64    // a second: before, during, after
	p50, p99   time.Duration // from find to matched, of those who sought meanwhile
	first      time.Duration // after it, until two of different nodes met; -1: never
	back       time.Duration // after it, until as many met as before; -1: never
	chats      int           // whose sessions were lost
	goroutines float64
}

// figures reckons what is told of a fault from what visitors were told.
func (h *history) figures(r *row) {
	type meeting struct {
		at    time.Duration
		nodes [2]string
		sides int
	}
	meetings := map[string]*meeting{}
	asked := map[string]time.Duration{}
	var waits []time.Duration
	busy := span{r.fault.from, max(r.fault.to, r.fault.from+2*time.Second)}
	for _, d := range h.all() {
		switch d.what {
		case didFind:
			asked[d.session] = d.at
		case "matched":
			if at, waited := asked[d.session]; waited && at >= busy.from && at < busy.to {
				waits = append(waits, d.at-at)
			}
			delete(asked, d.session)
			m := meetings[d.pair]
			if m == nil {
				m = &meeting{at: d.at}
				meetings[d.pair] = m
			}
			if m.sides < 2 {
				m.nodes[m.sides] = d.node
			}
			m.sides++
		case didLose:
			if d.pair != "" && d.at >= r.fault.from && d.at < r.fault.to+recovery {
				r.chats++
			}
		}
	}
	var times []time.Duration
	r.first, r.back = -1, -1
	for _, m := range meetings {
		times = append(times, m.at)
		if m.sides == 2 && m.nodes[0] != m.nodes[1] && m.at >= r.fault.to && (r.first < 0 || m.at-r.fault.to < r.first) {
			r.first = m.at - r.fault.to
		}
	}
	slices.Sort(times)
	within := func(s span) float64 {
		n := 0
		for _, at := range times {
			if at >= s.from && at < s.to {
				n++
			}
		}
		return float64(n) / s.lasts().Seconds()
	}
	r.pairs = [3]float64{within(span{r.fault.from - before, r.fault.from}), within(busy), within(span{r.fault.to, r.fault.to + recovery})}
	for at := r.fault.to; at < r.fault.to+recovery; at += 250 * time.Millisecond {
		if within(span{at, at + 2*time.Second}) >= 0.8*r.pairs[0] {
			r.back = at - r.fault.to
			break
		}
	}
	slices.Sort(waits)
	if n := len(waits); n > 0 {
		r.p50, r.p99 = waits[n/2], waits[n*99/100]
	}
}

// counts returns how many chats there were, and how many of those whose two were at different nodes.
func (h *history) counts() (pairs, across int) {
	at := map[string]string{} // by pair
	for _, d := range h.all() {
		if d.what != "matched" {
			continue
		}
		if other, known := at[d.pair]; known && other != d.node {
			across++
		}
		at[d.pair] = d.node
	}
	return len(at), across
}

// table prints rows in Markdown.
func table(rows []*row, wrong []breach) string {
	var text strings.Builder
	text.WriteString("| fault | s | pairs/s before, during, after | find to matched during, p50, p99 | first pair across nodes | rate back | chats lost | double pairs | stuck, alone | lines wrong | goroutines |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	seconds := func(d time.Duration) string {
		if d < 0 {
			return "never"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	for i, r := range rows {
		until := time.Duration(1<<62 - 1)
		if i+1 < len(rows) {
			until = rows[i+1].fault.from
		}
		count := func(rules ...string) (n int) {
			for _, b := range wrong {
				if slices.Contains(rules, b.rule) && b.at >= r.fault.from && b.at < until {
					n++
				}
			}
			return n
		}
		fmt.Fprintf(&text, "| %s | %.1f | %.0f, %.0f, %.0f | %.2f s, %.2f s | %s | %s | %d | %d | %d | %d | %.0f |\n",
			r.name, r.fault.lasts().Seconds(), r.pairs[0], r.pairs[1], r.pairs[2], r.p50.Seconds(), r.p99.Seconds(), seconds(r.first), seconds(r.back), r.chats,
			count("double pair", "crowd"), count("stuck", "alone", "unanswered", "lost session"), count("line", "sequence"), r.goroutines)
	}
	return text.String()
}
