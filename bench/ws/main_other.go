//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "the WebSocket benchmark needs Linux: every address of 127/8, and /proc")
	os.Exit(1)
}
