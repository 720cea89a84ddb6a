package admin

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/joingyd/joingyd/ban"
)

// CheckRequest asks about one address, without zone or port.
type CheckRequest struct {
	Address string
}

// CheckResult says what an address is kept out of, and by which bans.
type CheckResult struct {
	Banned bool     `json:"banned"`         // from anything; never if it is on the allowlist
	Ban    *ban.Ban `json:"ban"`            // the first of Bans; null if not banned
	Rule   string   `json:"rule,omitempty"` // the address or prefix that Ban is on

	Bans    []Match       `json:"bans"`              // all that are on it, the widest scope and the longest first
	Allowed *netip.Prefix `json:"allowed,omitempty"` // of the allowlist, which wins over Bans
}

// Match is a ban and what it is on, as what was asked for tells.
type Match struct {
	Ban  ban.Ban      `json:"ban"`
	Rule netip.Prefix `json:"rule"`
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

// Check tells what an address is kept out of.
func (s *Service) Check(_ context.Context, req CheckRequest) (CheckResult, error) {
	addr, err := req.addr()
	if err != nil {
		return CheckResult{}, err
	}
	bans, err := s.bans.Matches(addr)
	if err != nil {
		return CheckResult{}, fromStore(err)
	}
	slices.SortStableFunc(bans, func(a, b ban.Ban) int { // the longest come first
		return cmp.Compare(slices.Index(ban.Scopes(), a.Scope), slices.Index(ban.Scopes(), b.Scope))
	})
	result := CheckResult{Bans: []Match{}}
	for _, b := range bans {
		result.Bans = append(result.Bans, Match{b, b.RuleFor(addr)})
	}
	if prefix, allowed := s.bans.AllowedBy(addr); allowed {
		result.Allowed = &prefix
	} else if len(bans) > 0 {
		result.Banned, result.Ban, result.Rule = true, &bans[0], result.Bans[0].Rule.String()
	}
	return result, nil
}
