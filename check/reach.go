package check

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
)

// reach is which of a host's addresses answer.
type reach struct {
	answered []netip.Addr
	silent   []netip.Addr
	untried  []netip.Addr // this machine has no such network
	err      error        // of the first silent one
}

// lookup returns a host's addresses.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, err
}

// tryAll tries every address at once, until ctx ends.
func tryAll(ctx context.Context, addrs []netip.Addr, try func(context.Context, netip.Addr) error) (r reach) {
	errs := make([]error, len(addrs))
	var running sync.WaitGroup
	for i, addr := range addrs {
		running.Go(func() { errs[i] = try(ctx, addr) })
	}
	running.Wait()
	for i, addr := range addrs {
		switch {
		case errs[i] == nil:
			r.answered = append(r.answered, addr)
		case causeOf(errs[i]) == causeNoRoute:
			r.untried = append(r.untried, addr)
		default:
			if r.err == nil {
				r.err = errs[i]
			}
			r.silent = append(r.silent, addr)
		}
	}
	if r.err == nil && len(r.answered) == 0 && len(errs) > 0 {
		r.err = errs[0]
	}
	return r
}

// partly reports whether visitors will meet an address that does not answer.
// Of localhost one address is enough.
func (r reach) partly() bool {
	for _, addr := range r.silent {
		if !addr.IsLoopback() {
			return len(r.answered) > 0
		}
	}
	return false
}

// partlyRemedy is what to do about an address of host that does not answer.
func (r reach) partlyRemedy(host, port string) string {
	return fmt.Sprintf("Some visitors will try %s first and wait. Let port %s be reached there too, or take the address out of the DNS records of %s.",
		list(r.silent), port, host)
}

// String names the addresses.
func (r reach) String() string {
	var parts []string
	if len(r.answered) > 0 {
		parts = append(parts, list(r.answered)+" answers")
	}
	if len(r.silent) > 0 {
		parts = append(parts, list(r.silent)+" does not answer")
	}
	if len(r.untried) > 0 {
		parts = append(parts, list(r.untried)+" cannot be tried from this machine")
	}
	return strings.Join(parts, ", ")
}
