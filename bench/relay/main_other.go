//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "the relay benchmark needs Linux: sendmmsg, schedstat and /proc")
	os.Exit(1)
}
