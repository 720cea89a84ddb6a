package admin

import (
	"cmp"
	"context"
	"io"
	"iter"
	"slices"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

// ExportRequest asks for the active bans as a list.
type ExportRequest struct {
	Format list.Format // empty: list.Plain
	Scope  ban.Scope   // only bans of this scope; empty: all there are
}

// ExportResult counts what was written, and what could not be.
type ExportResult struct {
	Format     list.Format `json:"format"`
	Written    int         `json:"written"`
	Hidden     int         `json:"hidden"`      // bans whose address is kept as a hash only
	OtherScope int         `json:"other_scope"` // bans of a scope that the format cannot say
}

// Validate is as that of BanRequest.
func (r ExportRequest) Validate() error {
	if r.Format != "" && !slices.Contains(list.Writable(), r.Format) {
		return invalid("%s is no format of a list; write one of %v", quote(string(r.Format)), list.Writable())
	}
	return validateScope(r.Scope)
}

// Export writes the active bans to w.
func (s *Service) Export(_ context.Context, req ExportRequest, w io.Writer) (ExportResult, error) {
	if err := req.Validate(); err != nil {
		return ExportResult{}, err
	}
	result := ExportResult{Format: cmp.Or(req.Format, list.Plain)}
	var leftOut int
	var err error
	result.Written, leftOut, err = list.Write(w, result.Format, s.known(req.Scope, &result.Hidden), s.opts.Now())
	if err != nil {
		return result, &Error{CodeInternal, "the export ends too soon: " + err.Error()}
	}
	result.OtherScope = leftOut
	return result, nil
}

// known returns the bans of a scope whose address is known, and counts the others.
func (s *Service) known(scope ban.Scope, hidden *int) iter.Seq2[ban.Ban, error] {
	return func(yield func(ban.Ban, error) bool) {
		for b, err := range s.bans.Active() {
			if err == nil && scope != "" && b.Scope != scope {
				continue
			}
			if err == nil && b.Kind != ban.KindPrefix && b.Address == "" {
				*hidden++
				continue
			}
			if !yield(b, err) {
				return
			}
		}
	}
}
