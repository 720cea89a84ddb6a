//go:build !linux

package main

import (
	"errors"
	"time"
)

// readProc needs /proc.
func (m *memory) readProc(int) error { return errors.ErrUnsupported }

// processCPU needs Linux's clock of another process.
func processCPU(int) (time.Duration, error) { return 0, errors.ErrUnsupported }
