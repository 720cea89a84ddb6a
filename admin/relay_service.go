package admin

import (
	"cmp"
	"context"
	"net/netip"
	"time"
)

// RelayList lists the allocations.
func (s *Service) RelayList(ctx context.Context, req RelayListRequest) (RelayList, error) {
	meant, err := req.selects()
	if err != nil {
		return RelayList{}, err
	}
	return s.allocations(ctx, meant, req.Addresses, req.By)
}

// RelayShow returns the allocations that have a name, at least one.
func (s *Service) RelayShow(ctx context.Context, req RelayShowRequest) (RelayList, error) {
	meant, err := req.selects()
	if err != nil {
		return RelayList{}, err
	}
	list, err := s.allocations(ctx, meant, req.Addresses, req.By)
	if err == nil && len(list.Allocations) == 0 {
		err = noSuchAllocation(req.Name)
	}
	return list, err
}

// RelayKill closes allocations. Their clients may allocate again.
func (s *Service) RelayKill(ctx context.Context, req RelayKillRequest) (RelayKillResult, error) {
	meant, err := req.selects()
	if err != nil {
		return RelayKillResult{}, err
	}
	if s.opts.Relay == nil {
		return RelayKillResult{}, errNoRelay
	}
	var result RelayKillResult
	for _, a := range s.opts.Relay.Allocations() {
		if meant(a) && s.opts.Relay.Kill(a.Relayed) {
			result.Killed = append(result.Killed, a.Relayed)
		}
	}
	if len(result.Killed) == 0 {
		return result, noSuchAllocation(cmp.Or(req.Relayed, req.Session))
	}
	s.opts.Log.InfoContext(ctx, "allocations killed", "session", req.Session, "killed", len(result.Killed), "by", cmp.Or(req.By, ownName()))
	return result, nil
}

// RelayDrain starts to empty the relay, and does not wait until it is.
func (s *Service) RelayDrain(ctx context.Context, req RelayDrainRequest) (RelayDrainResult, error) {
	after, err := req.after()
	if err != nil {
		return RelayDrainResult{}, err
	}
	if s.opts.Relay == nil {
		return RelayDrainResult{}, errNoRelay
	}
	deadline := s.opts.Relay.Drain(after).UTC().Truncate(time.Second)
	result := RelayDrainResult{Left: s.live.Status().Allocations, Deadline: deadline}
	s.opts.Log.InfoContext(ctx, "relay draining", "left", result.Left, "deadline", deadline, "by", cmp.Or(req.By, ownName()))
	return result, nil
}

// allocations lists those that are meant, and hides what nobody asked to see.
func (s *Service) allocations(ctx context.Context, meant func(Allocation) bool, addresses bool, by string) (RelayList, error) {
	list := RelayList{Allocations: []Allocation{}}
	if s.opts.Relay == nil {
		return list, errNoRelay
	}
	for _, a := range s.opts.Relay.Allocations() {
		if !meant(a) {
			continue
		}
		a.Network = network(a.Client.Addr())
		if !addresses {
			a.Client = netip.AddrPort{}
		}
		list.Allocations = append(list.Allocations, a)
	}
	if addresses {
		s.opts.Log.InfoContext(ctx, "client addresses shown", "allocations", len(list.Allocations), "by", cmp.Or(by, ownName()))
	}
	return list, nil
}

// network cuts an address to what says roughly where somebody is, not who it is.
func network(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	prefix, _ := addr.Prefix(bits) // of the zero Addr: the zero Prefix
	return prefix
}

var errNoRelay = &Error{CodeUnavailable, "allocations live in the running daemon; start it, and leave out --offline"}

func noSuchAllocation(name string) *Error {
	return notFound("%s has no live allocation; joingyd relay list shows those there are", name)
}
