package main

import (
	"fmt"
	"io"
)

// nodeCell is a table's first cell where it has what several nodes have, else nothing.
func nodeCell(node string, several bool) string {
	if !several {
		return ""
	}
	return orDash(node) + "\t"
}

// printMissing ends a list: with a line, if there is one, and with the nodes that it lacks.
func printMissing(w io.Writer, line string, missing []string) error {
	if line != "" {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	for _, why := range missing {
		if _, err := fmt.Fprintln(w, "incomplete: "+harmless(why)); err != nil {
			return err
		}
	}
	return nil
}
