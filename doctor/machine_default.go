//go:build !linux

package doctor

import "runtime"

func look(string) Machine { return Machine{Kernel: runtime.GOOS} }

// Disk cannot tell on this system.
func Disk(string) (free, size uint64) { return 0, 0 }

// ClockSynchronized cannot tell on this system.
func ClockSynchronized() bool { return true }

// MemoryLimit cannot tell on this system.
func MemoryLimit() uint64 { return 0 }

// Resident cannot tell on this system.
func Resident() uint64 { return 0 }
