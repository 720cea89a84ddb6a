package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// table is a Markdown table, written row by row.
type table struct{ out io.Writer }

func newTable(out io.Writer, columns ...string) table {
	t := table{out}
	t.row(columns...)
	t.row(strings.Split(strings.Repeat("---|", len(columns)-1)+"---", "|")...)
	return t
}

func (t table) row(cells ...string) {
	fmt.Fprintln(t.out, "| "+strings.Join(cells, " | ")+" |")
}

// median returns the middle value, of two the lower; the zero value of none.
func median[T cmp.Ordered](values []T) (middle T) {
	if len(values) == 0 {
		return middle
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// medianOf is the median of one figure of many results.
func medianOf[R any, T cmp.Ordered](results []R, figure func(R) T) T {
	values := make([]T, len(results))
	for i, r := range results {
		values[i] = figure(r)
	}
	return median(values)
}

// ratio prints a quotient, or nothing where it has no meaning.
func ratio(a, b float64) string {
	if a <= 0 || b <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

// thousands prints 20000 as 20k, and what is no round number in full.
func thousands(n int) string {
	if n >= 1000 && n%1000 == 0 {
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}

// micro prints nanoseconds as microseconds.
func micro(ns float64) string {
	switch us := ns / 1000; {
	case us >= 100:
		return fmt.Sprintf("%.0f", us)
	case us >= 10:
		return fmt.Sprintf("%.1f", us)
	default:
		return fmt.Sprintf("%.2f", us)
	}
}

// percent prints a share.
func percent(share float64) string {
	if share > 0 && share < 0.0001 {
		return "<0.01"
	}
	return fmt.Sprintf("%.2f", 100*share)
}
