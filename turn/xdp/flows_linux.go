package xdp

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// Put makes the kernel forward a flow, or go on doing so: it keeps the counters and
// what is left of the rate of one that exists, and changes its target, rate and
// time. A flow and its target are of one address family; IPv4 addresses may be
// mapped ones. It makes one system call for a new flow or a new target, none else.
//
// Errors wrap ErrInvalid, ErrFull or ErrClosed, or are the kernel's; what was put
// before stays then.
func (f *Forwarder) Put(flow Flow, target Target) error {
	received, err := flow.received()
	if err != nil {
		return err
	}
	sent, err := target.sent()
	if err != nil {
		return err
	}
	if [2]byte(received[headerVersion:]) != [2]byte(sent[headerVersion:]) {
		return fmt.Errorf("%w target: %v is of another family than %v", ErrInvalid, target.Client, flow.Client)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	old, exists := f.flows[received]
	if exists && f.slots.sends(old, &sent) {
		f.slots.limit(old, target)
		return nil
	}
	slot, ok := f.slots.take()
	if !ok {
		return fmt.Errorf("%w: %d flows", ErrFull, f.slots.count)
	}
	f.slots.fill(slot, &received, &sent)
	f.slots.limit(slot, target)
	if exists {
		f.slots.store(slot, slotMeter, f.slots.load(old, slotMeter))
	}
	// The map's update publishes what was written before.
	if err := f.maps.publish(received, slot); err != nil {
		f.slots.release(slot)
		return fmt.Errorf("xdp: putting a flow: %w", err)
	}
	if exists {
		f.slots.inherit(old, slot)
		f.slots.release(old)
	}
	f.flows[received] = slot
	return nil
}

// Delete ends a flow and returns its last counters, if there was one. No packet that
// arrives after it has returned is forwarded; of those before, the last may still be
// on its way out. It makes one system call. The flow's addresses are out of the
// kernel's memory with the first call of any method a second later.
func (f *Forwarder) Delete(flow Flow) (Counters, bool) {
	received, err := flow.received()
	if err != nil {
		return Counters{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	slot, ok := f.flows[received]
	if !ok || f.closed {
		return Counters{}, false
	}
	// Whatever the map says, the slot's time is over. The map can only say that it
	// has no such flow.
	f.slots.store(slot, slotUntil, 0)
	_ = f.maps.flows.Delete(&received)
	delete(f.flows, received)
	counters := f.slots.counters(slot)
	f.slots.release(slot)
	return counters, true
}

// Counters returns a flow's, if there is one. It makes no system call.
func (f *Forwarder) Counters(flow Flow) (Counters, bool) {
	received, err := flow.received()
	if err != nil {
		return Counters{}, false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	slot, ok := f.flows[received]
	if !ok || f.closed {
		return Counters{}, false
	}
	return f.slots.counters(slot), true
}

// Stats returns the sums of all flows. It makes one system call.
func (f *Forwarder) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	stats := Stats{Flows: len(f.flows), Notes: append([]string(nil), f.notes...)}
	if f.closed {
		return stats
	}
	f.slots.reap()
	for _, a := range f.attached {
		stats.Interfaces = append(stats.Interfaces, Interface{Name: a.name, Mode: a.mode})
	}
	var perCPU [][countSize / 8]uint64
	if err := f.maps.counters.Lookup(uint32(0), &perCPU); err != nil {
		return stats // an array always has its first value
	}
	for _, c := range perCPU {
		stats.Forwarded += c[countForwarded/8]
		stats.Dropped += c[countDropped/8]
		stats.Passed.Checksum += c[countChecksum/8]
		stats.Passed.Expired += c[countExpired/8]
		stats.Passed.Forwarding += c[countForwarding/8]
		stats.Passed.Neighbour += c[countNeighbour/8]
		stats.Passed.MTU += c[countMTU/8]
		stats.Passed.Route += c[countRoute/8]
	}
	return stats
}

// publish leads packets with this header to a slot.
func (m *maps) publish(received header, slot uint32) error {
	return m.flows.Update(&received, &[flowSize / 4]uint32{slot}, ebpf.UpdateAny)
}
