package admin

import "context"

// ClaimRequest names a case, and who looks at it. By is as in BanRequest.
type ClaimRequest struct {
	Case string
	By   string
}

// Claim gives a case to one person for some minutes: nobody else can claim or decide it
// meanwhile. Who has it already has it for longer.
func (s *Service) Claim(_ context.Context, req ClaimRequest) (Case, error) {
	if err := s.checkClaim(req); err != nil {
		return Case{}, err
	}
	k, err := s.opts.Cases.Claim(req.Case, req.By)
	if err != nil {
		return Case{}, fromCases(err, req.Case)
	}
	return s.caseOf(k), nil
}

// Unclaim gives a case back. It is no error if somebody else has it by now.
func (s *Service) Unclaim(_ context.Context, req ClaimRequest) error {
	if err := s.checkClaim(req); err != nil {
		return err
	}
	if err := s.opts.Cases.Release(req.Case, req.By); err != nil {
		return fromCases(err, req.Case)
	}
	return nil
}

func (s *Service) checkClaim(req ClaimRequest) error {
	switch {
	case s.opts.Cases == nil:
		return errNoCases
	case req.By == "":
		return invalid("nobody is named who claims the case")
	}
	return validateReport(req.Case)
}
