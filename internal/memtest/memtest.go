// Package memtest weighs, for tests, what is held of something while it is read.
package memtest

import (
	"io"
	"runtime"
)

// Reader measures how much memory is held while From is read: every so many bytes, and at
// its end.
type Reader struct {
	From    io.Reader
	Every   int    // bytes between two measurements
	Highest uint64 // bytes held, at most

	read, next int
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.From.Read(p)
	if r.read += n; r.read >= r.next || err != nil {
		r.Highest = max(r.Highest, Held())
		r.next += r.Every
	}
	return n, err
}

// Held returns how many bytes of the heap are held, garbage apart.
func Held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
