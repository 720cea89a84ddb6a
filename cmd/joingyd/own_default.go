//go:build !linux

package main

import (
	"iter"
	"os"
)

// environments returns that of this process; those before it are not to be had.
func environments() iter.Seq[[]string] {
	return func(yield func([]string) bool) { yield(os.Environ()) }
}
