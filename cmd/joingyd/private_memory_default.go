//go:build !linux

package main

// closeMemory does nothing: what this system dumps is for its settings to say.
func closeMemory() error { return nil }

// swappable reports nothing: it cannot be told here.
func swappable() bool { return false }
