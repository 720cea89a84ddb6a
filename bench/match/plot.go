package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// The plot, in pixels.
const (
	plotWidth, plotHeight = 720, 440
	plotLeft, plotRight   = 60, 190
	plotTop, plotBottom   = 20, 50
	plotMost              = 65.0 // seconds
)

// colours are those of makers, told apart by the colour-blind too.
var colours = []string{"#888888", "#d55e00", "#0072b2"}

// draw draws how well pairs are made against how long the slowest hundredth waits, a point
// for each patience.
func (b bench) draw(file string) error {
	const rate = 10
	t := newTrace(standard(b.tickets, rate))
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&svg, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", plotWidth, plotHeight)
	for q := 0; q <= 10; q += 2 {
		x, y := plotPoint(0, float64(q)/10)
		fmt.Fprintf(&svg, `<path d="M%.0f %.1fH%d" stroke="#dddddd"/><text x="%.0f" y="%.1f" text-anchor="end">%.1f</text>`+"\n", x, y, plotWidth-plotRight, x-8, y+4, float64(q)/10)
	}
	for s := 0; s <= 60; s += 10 {
		x, y := plotPoint(float64(s), 0)
		fmt.Fprintf(&svg, `<text x="%.1f" y="%.1f" text-anchor="middle">%d</text>`+"\n", x, y+18, s)
	}
	fmt.Fprintf(&svg, `<text x="%d" y="%d" text-anchor="middle">p99 of the wait, seconds</text>`+"\n", (plotLeft+plotWidth-plotRight)/2, plotHeight-10)
	fmt.Fprintf(&svg, `<text transform="translate(16 %d) rotate(-90)" text-anchor="middle">Q: part of the optimum's weight</text>`+"\n", plotHeight/2)
	for i, m := range makers {
		var line []string
		for _, patience := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, 60 * time.Second} {
			markAlone(t, patience)
			q := measure(t, i, patience, best(t, patience))
			x, y := plotPoint(min(q.wait.p99.Seconds(), plotMost), q.q)
			line = append(line, fmt.Sprintf("%.1f,%.1f", x, y))
			fmt.Fprintf(&svg, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"><title>%s, patience %v: Q %.3f, p99 %.1f s</title></circle>`+"\n", x, y, colours[i], m.name, patience, q.q, q.wait.p99.Seconds())
		}
		fmt.Fprintf(&svg, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", strings.Join(line, " "), colours[i])
		fmt.Fprintf(&svg, `<circle cx="%d" cy="%d" r="4" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			plotWidth-plotRight+14, plotTop+20+22*i, colours[i], plotWidth-plotRight+24, plotTop+24+22*i, m.name)
	}
	svg.WriteString("</svg>\n")
	return os.WriteFile(file, []byte(svg.String()), 0o644)
}

func plotPoint(wait, q float64) (x, y float64) {
	return plotLeft + wait/plotMost*(plotWidth-plotLeft-plotRight), plotTop + (1-q)*(plotHeight-plotTop-plotBottom)
}
