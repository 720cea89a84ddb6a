package main

import (
	"os"
	"syscall"
)

// datasync does what bbolt does.
func datasync(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }
