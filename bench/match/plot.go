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

// draw draws how much the pairs are worth against how long the slowest hundredth waits, a
// point for each patience; and what hindsight would have made of the same patience. All is
// measured by hindsight with a minute's.
func (b bench) draw(file string) error {
	const rate = 10
	t := newTrace(standard(b.tickets, rate))
	patiences := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute}
	most := best(t, time.Minute)
	p := newPlot()
	hindsight := p.line("hindsight", "#000000")
	for _, patience := range patiences {
		hindsight.point(patience, best(t, patience)/most, fmt.Sprintf("patience %v", patience))
	}
	for i, m := range makers {
		line := p.line(m.name, colours[i])
		for _, patience := range patiences {
			markAlone(t, patience)
			q := measure(t, i, patience, most)
			line.point(q.wait.p99, q.q, fmt.Sprintf("patience %v", patience))
		}
	}
	return os.WriteFile(file, []byte(p.String()), 0o644)
}

// plot is an SVG under way.
type plot struct {
	strings.Builder
	lines []*line
}

type line struct {
	name, colour string
	points       []string
	dots         strings.Builder
}

func newPlot() *plot {
	p := new(plot)
	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(p, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", plotWidth, plotHeight)
	for i := 0; i <= 10; i += 2 {
		x, y := plotPoint(0, float64(i)/10)
		fmt.Fprintf(p, `<path d="M%.0f %.1fH%d" stroke="#dddddd"/><text x="%.0f" y="%.1f" text-anchor="end">%.1f</text>`+"\n", x, y, plotWidth-plotRight, x-8, y+4, float64(i)/10)
	}
	for s := 0; s <= 60; s += 10 {
		x, y := plotPoint(float64(s), 0)
		fmt.Fprintf(p, `<text x="%.1f" y="%.1f" text-anchor="middle">%d</text>`+"\n", x, y+18, s)
	}
	fmt.Fprintf(p, `<text x="%d" y="%d" text-anchor="middle">p99 of the wait, seconds</text>`+"\n", (plotLeft+plotWidth-plotRight)/2, plotHeight-10)
	fmt.Fprintf(p, `<text transform="translate(16 %d) rotate(-90)" text-anchor="middle">worth of all pairs, hindsight with 60 s = 1</text>`+"\n", plotHeight/2)
	return p
}

// line begins a line, which String draws.
func (p *plot) line(name, colour string) *line {
	l := &line{name: name, colour: colour}
	p.lines = append(p.lines, l)
	return l
}

func (l *line) point(wait time.Duration, worth float64, title string) {
	x, y := plotPoint(min(wait.Seconds(), plotMost), worth)
	l.points = append(l.points, fmt.Sprintf("%.1f,%.1f", x, y))
	fmt.Fprintf(&l.dots, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"><title>%s, %s: %.3f, p99 %.1f s</title></circle>`+"\n", x, y, l.colour, l.name, title, worth, wait.Seconds())
}

// String ends the picture.
func (p *plot) String() string {
	for i, l := range p.lines {
		fmt.Fprintf(p, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n%s", strings.Join(l.points, " "), l.colour, l.dots.String())
		fmt.Fprintf(p, `<circle cx="%d" cy="%d" r="4" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			plotWidth-plotRight+14, plotTop+20+22*i, l.colour, plotWidth-plotRight+24, plotTop+24+22*i, l.name)
	}
	p.WriteString("</svg>\n")
	return p.Builder.String()
}

// plotPoint returns where a wait in seconds and a worth are.
func plotPoint(wait, worth float64) (x, y float64) {
	return plotLeft + wait/plotMost*(plotWidth-plotLeft-plotRight), plotTop + (1-worth)*(plotHeight-plotTop-plotBottom)
}
