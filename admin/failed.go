package admin

import (
	"net/http"
	"sync"

	"github.com/joingyd/joingyd/request"
)

// Failed is an Error of the daemon, with the name under which its log has the request. It
// is an *Error to errors.AsType.
type Failed struct {
	Code    Code   `json:"code"`
	Detail  string `json:"detail"`
	Request string `json:"request_id,omitempty"`
}

// Error returns the detail and, where the daemon is at fault, how its log is searched.
func (f *Failed) Error() string {
	if f.Code != CodeInternal || f.Request == "" {
		return f.Detail
	}
	return f.Detail + " (the daemon's log: request_id=" + f.Request + ")"
}

// Unwrap returns the Error.
func (f *Failed) Unwrap() error { return &Error{f.Code, f.Detail} }

// outcomeOK counts what did not fail.
const outcomeOK = "ok"

// Outcomes lists what Server.Outcomes counts.
func Outcomes() []string {
	outcomes := []string{outcomeOK}
	for _, code := range []Code{CodeInvalid, CodeNeedsForce, CodeNotFound, CodeUnavailable, CodeInternal, CodeUnauthorized, CodeForbidden} {
		outcomes = append(outcomes, string(code))
	}
	return outcomes
}

// outcomes counts requests.
type outcomes struct {
	mu     sync.Mutex // guards counts
	counts map[string]uint64
}

func (o *outcomes) add(outcome string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = make(map[string]uint64)
	}
	o.counts[outcome]++
}

// Outcomes returns how many requests there were since the start, by what became of them.
func (s *Server) Outcomes() map[string]uint64 {
	s.outcomes.mu.Lock()
	defer s.outcomes.mu.Unlock()
	counts := make(map[string]uint64, len(s.outcomes.counts))
	for outcome, n := range s.outcomes.counts {
		counts[outcome] = n
	}
	return counts
}

// refuse answers with an error, counts it and logs it: who asked, what, and under which
// name. What exactly is wrong is in the log where the daemon is at fault, and else only in
// the answer, which may quote what was typed.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	failure := asError(err)
	s.outcomes.add(string(failure.Code))
	about := []any{"call", r.Pattern, "by", peerOf(r.Context()), "code", string(failure.Code)}
	if failure.Code == CodeInternal {
		s.log.ErrorContext(r.Context(), "a request on the control socket failed", append(about, "error", failure.Detail)...)
	} else {
		s.log.InfoContext(r.Context(), "a request on the control socket was refused", about...)
	}
	name := request.ID(r.Context())
	if name != "" {
		w.Header().Set(request.Header, name)
	}
	writeJSON(w, httpStatus(failure.Code), &Failed{failure.Code, failure.Detail, name})
}

// named gives each request a name, whatever the other side calls it.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(request.With(r.Context(), request.New())))
	})
}
