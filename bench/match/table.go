package main

import (
	"fmt"
	"io"
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
