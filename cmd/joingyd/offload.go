package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/turn"
	"github.com/joingyd/joingyd/turn/xdp"
)

// openOffload attaches the kernel's forwarding to the network interfaces, as it
// is configured. Where it can't be had, auto goes on without, in one line.
func (d *daemon) openOffload() (turn.Offload, error) {
	c := d.cfg.TURN
	if !d.hasRelay() || c.Offload == "off" || c.Relay != "masked" {
		return nil, nil
	}
	forwarder, err := xdp.Open(xdp.Options{
		Interfaces: c.OffloadInterfaces,
		MaxFlows:   2 * c.Allocations,
		TotalRate:  uint64(c.Bandwidth),
	})
	if err != nil {
		if c.Offload == "xdp" {
			return nil, fmt.Errorf("turn.offload: %w; or write auto, which goes on without", err)
		}
		d.log.Warn("kernel forwarding is off: packets pass through the daemon", "error", err)
		return nil, nil
	}
	d.forwarder = forwarder
	d.closers = append(d.closers, forwarder.Close)
	var interfaces []string
	for _, i := range forwarder.Stats().Interfaces {
		interfaces = append(interfaces, i.Name+" "+string(i.Mode))
	}
	d.log.Info("kernel forwarding is on", "interfaces", interfaces, "notes", forwarder.Stats().Notes)
	return forwarder, nil
}

// offloadOutcomes is what becomes of a packet that the kernel looked at.
func offloadOutcomes() []string { return slices.Sorted(maps.Keys(offloadPackets(xdp.Stats{}))) }

func offloadPackets(s xdp.Stats) map[string]uint64 {
	return map[string]uint64{
		"forwarded": s.Forwarded, "dropped": s.Dropped, "checksum": s.Passed.Checksum, "expired": s.Passed.Expired,
		"forwarding": s.Passed.Forwarding, "neighbour": s.Passed.Neighbour, "mtu": s.Passed.MTU, "route": s.Passed.Route,
	}
}

func (d *daemon) offloadMetrics(refused uint64) metrics.Offload {
	if d.forwarder == nil {
		return metrics.Offload{Refused: refused}
	}
	s := d.forwarder.Stats()
	return metrics.Offload{Interfaces: len(s.Interfaces), Flows: s.Flows, Packets: offloadPackets(s), Refused: refused}
}
