package admin

import (
	"context"
	"net/http"
	"strconv"

	"github.com/joingyd/joingyd/moderate/audit"
)

// AuditList is the last entries of the record of who judged and who saw what, the oldest
// first.
type AuditList struct {
	Entries []audit.Entry `json:"entries"`
	Total   int           `json:"total"`
}

// AuditLog returns the last entries, at most limit; 0 stands for all. It does not stand for
// a check: joingyd audit verify reads the files themselves.
func (s *Service) AuditLog(_ context.Context, limit int) (list AuditList, err error) {
	if s.opts.Audit == nil {
		return list, &Error{CodeUnavailable, "the audit log is the running daemon's; leave out --node, and its files are read"}
	}
	if err := ValidateLimit(limit); err != nil {
		return list, err
	}
	if list.Entries, list.Total, err = s.opts.Audit.Last(limit); err != nil {
		return AuditList{}, &Error{CodeInternal, err.Error() + "; joingyd audit verify tells more, on that machine"}
	}
	return list, nil
}

// AuditLog returns the last entries, at most limit; 0 stands for all.
func (c *Client) AuditLog(ctx context.Context, limit int) (list AuditList, err error) {
	path := "/v1/audit"
	if limit != 0 {
		path += "?limit=" + strconv.Itoa(limit)
	}
	err = c.do(ctx, http.MethodGet, path, nil, &list)
	return list, err
}
