//go:build !linux

package xdp

import (
	"fmt"
	"runtime"
)

// Forwarder exists on Linux only.
type Forwarder struct{}

// Open returns an error that wraps ErrUnsupported.
func Open(Options) (*Forwarder, error) {
	return nil, fmt.Errorf("%w: %s has no XDP, Linux has", ErrUnsupported, runtime.GOOS)
}

// Put returns ErrUnsupported.
func (*Forwarder) Put(Flow, Target) error { return ErrUnsupported }

// Delete finds nothing.
func (*Forwarder) Delete(Flow) (Counters, bool) { return Counters{}, false }

// Counters finds nothing.
func (*Forwarder) Counters(Flow) (Counters, bool) { return Counters{}, false }

// Stats is zero.
func (*Forwarder) Stats() Stats { return Stats{} }

// Close does nothing.
func (*Forwarder) Close() error { return nil }
