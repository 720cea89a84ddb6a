package xdp

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

const (
	defaultMaxFlows = 200_000
	largestMaxFlows = 1 << 24
	maxPorts        = 4096
)

// Forwarder is the kernel's share of the relay. All methods are safe for concurrent
// use. It lives as long as the process: the kernel detaches the program and frees
// the maps when their last descriptor is closed.
type Forwarder struct {
	maps     maps
	program  *ebpf.Program
	attached []attachment
	notes    []string

	mu     sync.RWMutex
	closed bool
	slots  *slots            // guarded by mu
	flows  map[header]uint32 // guarded by mu: the slots of those in maps.flows
}

type maps struct{ flows, slots, ports, counters, total *ebpf.Map }

// Open loads the program and attaches it. Every error wraps ErrUnsupported,
// ErrPermission, ErrBusy or ErrInvalid where it is one of those, and says what to do
// about it; nothing is left attached or loaded then, and the relay works without.
func Open(options Options) (*Forwarder, error) {
	if options.MaxFlows == 0 {
		options.MaxFlows = defaultMaxFlows
	}
	if options.MaxFlows < 0 || options.MaxFlows > largestMaxFlows {
		return nil, fmt.Errorf("%w: %d flows, up to %d fit", ErrInvalid, options.MaxFlows, largestMaxFlows)
	}
	if err := checkCapabilities(); err != nil {
		return nil, err
	}
	f, err := load(options)
	if err != nil {
		return nil, err
	}
	if f.notes, err = enableForwarding(); err == nil {
		err = f.attach(options)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Close detaches the program from all interfaces and frees what it had. It returns
// the errors of doing so; the program is gone with the process at the latest.
func (f *Forwarder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	var failed []error
	for _, a := range f.attached {
		failed = append(failed, a.link.Close())
	}
	if f.program != nil {
		failed = append(failed, f.program.Close())
	}
	if f.slots != nil {
		failed = append(failed, f.slots.close())
	}
	clear(f.flows)
	return errors.Join(append(failed, f.maps.close())...)
}

// load is Open without interfaces.
func load(options Options) (*Forwarder, error) {
	f := &Forwarder{flows: make(map[header]uint32)}
	if err := f.maps.create(uint32(options.MaxFlows)); err != nil {
		_ = f.Close()
		return nil, loadError("creating a map", err)
	}
	var err error
	if f.slots, err = newSlots(f.maps.slots.FD(), uint32(options.MaxFlows)); err != nil {
		_ = f.Close()
		return nil, loadError("sharing memory", err)
	}
	if f.program, err = f.maps.program(options.TotalRate); err != nil {
		_ = f.Close()
		return nil, loadError("loading the program", err)
	}
	return f, nil
}

func (m *maps) create(maxFlows uint32) (err error) {
	for _, spec := range []struct {
		to **ebpf.Map
		ebpf.MapSpec
	}{
		// Not preallocated: its memory follows the number of flows.
		{&m.flows, ebpf.MapSpec{Name: mapFlows, Type: ebpf.Hash, KeySize: headerSize, ValueSize: flowSize, MaxEntries: maxFlows, Flags: unix.BPF_F_NO_PREALLOC}},
		{&m.slots, ebpf.MapSpec{Name: mapSlots, Type: ebpf.Array, KeySize: 4, ValueSize: slotSize, MaxEntries: maxFlows, Flags: unix.BPF_F_MMAPABLE}},
		{&m.ports, ebpf.MapSpec{Name: mapPorts, Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: maxPorts, Flags: unix.BPF_F_NO_PREALLOC}},
		{&m.counters, ebpf.MapSpec{Name: mapCounters, Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: countSize, MaxEntries: 1}},
		{&m.total, ebpf.MapSpec{Name: mapTotal, Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1}},
	} {
		if *spec.to, err = ebpf.NewMap(&spec.MapSpec); err != nil {
			return err
		}
	}
	return nil
}

func (m *maps) program(totalRate uint64) (*ebpf.Program, error) {
	code := program(totalRate)
	for name, table := range map[string]*ebpf.Map{
		mapFlows: m.flows, mapSlots: m.slots, mapPorts: m.ports, mapCounters: m.counters, mapTotal: m.total,
	} {
		if name == mapTotal && totalRate == 0 {
			continue
		}
		if err := code.AssociateMap(name, table); err != nil {
			return nil, err
		}
	}
	return ebpf.NewProgram(&ebpf.ProgramSpec{
		Name:         "joingyd_relay",
		Type:         ebpf.XDP,
		Instructions: code,
		License:      "Dual MIT/GPL", // bpf_fib_lookup asks for one like this
	})
}

func (m *maps) close() error {
	var failed []error
	for _, table := range []*ebpf.Map{m.flows, m.slots, m.ports, m.counters, m.total} {
		failed = append(failed, table.Close()) // which nil stands
	}
	return errors.Join(failed...)
}

// loadError tells an operator what the kernel's refusal means.
func loadError(doing string, err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: %s: %w; the process has the capabilities, but a container or security module is in the way", ErrPermission, doing, err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("xdp: %s: %w; lower the number of flows", doing, err)
	}
	return fmt.Errorf("%w: %s: %w; it takes Linux 5.12 with BPF", ErrUnsupported, doing, err)
}
