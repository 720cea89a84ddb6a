// Package markdown writes the tables that the benchmarks print.
package markdown

import (
	"fmt"
	"io"
	"strings"
)

// Table is a Markdown table, written row by row.
type Table struct{ out io.Writer }

// NewTable begins a table.
func NewTable(out io.Writer, columns ...string) Table {
	t := Table{out}
	t.Row(columns...)
	t.Row(strings.Split(strings.Repeat("---|", len(columns)-1)+"---", "|")...)
	return t
}

// Row adds a row.
func (t Table) Row(cells ...string) {
	fmt.Fprintln(t.out, "| "+strings.Join(cells, " | ")+" |")
}

// Ratio prints a quotient, or nothing where it has no meaning.
func Ratio(a, b float64) string {
	if a <= 0 || b <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}
