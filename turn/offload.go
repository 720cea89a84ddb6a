package turn

import (
	"net/netip"
	"slices"
	"sync"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn/xdp"
)

// Offload forwards the ChannelData of paired UDP clients outside of this process,
// so that neither it nor a socket sees the packets. *xdp.Forwarder is one.
type Offload interface {
	// Put forwards a flow from now on, or changes how, keeping its counters.
	Put(xdp.Flow, xdp.Target) error
	// Delete ends it: nothing that comes after it returns is forwarded.
	Delete(xdp.Flow) (xdp.Counters, bool)
	Counters(xdp.Flow) (xdp.Counters, bool)
}

// offloaded is a flow that is forwarded elsewhere, one direction of a pair. What
// it carries is counted as if it were forwarded here.
type offloaded struct {
	flow     xdp.Flow
	from, to *relay

	mu      sync.Mutex
	counted xdp.Counters // what has been added to the relays' counters already
}

// offload hands a channel's route over, if there is somebody to take it and both
// clients came over UDP and one address family. Pairs and allocations end under
// the same lock, and take their flows along.
func (s *Server) offload(r *relay, number uint16, rt *route) {
	to := rt.to
	if s.opts.Offload == nil || rt.channel == 0 || r.conn != nil || to.conn != nil || rt.under.a == rt.under.b {
		return
	}
	flow := xdp.Flow{Client: r.client, Server: r.toward(), Channel: number}
	target := xdp.Target{Client: to.client, Server: to.toward(), Channel: rt.channel, Rate: uint64(s.opts.BandwidthPerAllocation)}
	if flow.Client.Addr().Is4() != target.Client.Addr().Is4() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.instant()
	if r.closed.Load() || !rt.holds(now) {
		return
	}
	target.Until = rt.until - now
	if err := s.opts.Offload.Put(flow, target); err != nil {
		s.notOffloaded.Add(1) // it is forwarded here
		return
	}
	for _, o := range rt.under.flows {
		if o.flow == flow {
			return // it was extended
		}
	}
	rt.under.flows = append(rt.under.flows, &offloaded{flow: flow, from: r, to: to})
}

// toward is our transport address that the client sends to.
func (r *relay) toward() netip.AddrPort {
	bound := r.listener.addr.AddrPort
	if r.local.IsValid() {
		return netip.AddrPortFrom(r.local, bound.Port())
	}
	return bound
}

// takeBackLocked ends the flows of a pair for which ended says so.
func (s *Server) takeBackLocked(p *pair, ended func(*offloaded) bool) {
	if p == nil || len(p.flows) == 0 {
		return
	}
	kept := p.flows[:0]
	for _, o := range p.flows {
		if !ended(o) {
			kept = append(kept, o)
		} else if c, ok := s.opts.Offload.Delete(o.flow); ok {
			s.settle(o, c)
		}
	}
	clear(p.flows[len(kept):])
	p.flows = kept
}

// settle adds what the flow has carried since it was last asked.
func (s *Server) settle(o *offloaded, c xdp.Counters) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c.Packets < o.counted.Packets || c.Dropped < o.counted.Dropped {
		return // somebody who asked later was faster
	}
	packets, bytes := c.Packets-o.counted.Packets, c.Bytes-o.counted.Bytes
	for _, t := range []*traffic{&o.from.sent, &o.to.received} {
		t.packets.Add(packets)
		t.bytes.Add(bytes)
	}
	o.from.listener.counters.relayed(packets, bytes)
	o.from.listener.counters.dropMany(DropBandwidth, c.Dropped-o.counted.Dropped)
	o.counted = c
}

// settleAll brings every counter up to date with what is forwarded elsewhere.
func (s *Server) settleAll() {
	if s.opts.Offload == nil {
		return
	}
	var flows []*offloaded
	s.mu.RLock()
	for _, p := range s.pairs {
		flows = append(flows, p.flows...)
	}
	s.mu.RUnlock()
	s.settleFlows(flows)
}

// settleSession is settleAll for one session's chat.
func (s *Server) settleSession(id ident.Session) {
	if s.opts.Offload == nil {
		return
	}
	var flows []*offloaded
	s.mu.RLock()
	if owner := s.sessions[id]; owner != nil {
		if p := owner.pair.Load(); p != nil {
			flows = slices.Clone(p.flows)
		}
	}
	s.mu.RUnlock()
	s.settleFlows(flows)
}

func (s *Server) settleFlows(flows []*offloaded) {
	for _, o := range flows {
		if c, ok := s.opts.Offload.Counters(o.flow); ok {
			s.settle(o, c)
		}
	}
}
