package admin

import (
	"context"
	"net/netip"

	"github.com/joingyd/joingyd/ban"
)

// CheckRequest asks about one address, without zone or port.
type CheckRequest struct {
	Address string
}

// CheckResult says whether an address may come in.
type CheckResult struct {
	Banned bool     `json:"banned"`
	Ban    *ban.Ban `json:"ban"`            // null if not banned
	Rule   string   `json:"rule,omitempty"` // the address or prefix that the ban is on
}

// Validate is as that of BanRequest.
func (r CheckRequest) Validate() error {
	_, err := r.addr()
	return err
}

func (r CheckRequest) addr() (netip.Addr, error) {
	addr, err := netip.ParseAddr(r.Address)
	if err != nil || addr.Zone() != "" {
		return addr, invalid("%s is not an address; write one like 203.0.113.7 or 2001:db8::1", quote(r.Address))
	}
	return addr, nil
}

// Check tells whether an address may come in.
func (s *Service) Check(_ context.Context, req CheckRequest) (CheckResult, error) {
	addr, err := req.addr()
	if err != nil {
		return CheckResult{}, err
	}
	matches, err := s.bans.Matches(addr)
	if err != nil || len(matches) == 0 {
		return CheckResult{}, fromStore(err)
	}
	return CheckResult{Banned: true, Ban: &matches[0], Rule: matches[0].RuleFor(addr).String()}, nil
}
