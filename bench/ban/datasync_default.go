//go:build !linux

package main

import "os"

// datasync does what bbolt does.
func datasync(file *os.File) error { return file.Sync() }
