package admin

import (
	"context"
	"net/http"
	"net/http/pprof"

	"github.com/joingyd/joingyd/doctor"
)

var errNoDoctor = &Error{CodeUnavailable, "the running daemon knows of itself; start it"}

// Diagnose tells what is wrong with the daemon, with what may help to find out why. There
// is no secret in it, and no person.
func (s *Service) Diagnose(ctx context.Context) (doctor.Report, error) {
	if s.opts.Diagnose == nil {
		return doctor.Report{}, errNoDoctor
	}
	return s.opts.Diagnose(ctx)
}

// Diagnose asks the daemon what is wrong with it.
func (c *Client) Diagnose(ctx context.Context) (report doctor.Report, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/doctor", nil, &report)
	return report, err
}

func (s *Server) diagnose(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Diagnose(r.Context())
}

// withProfiles adds the Go runtime's profiles, for who may use the control socket: they
// have names of functions, sizes and times in them, and the command line.
func withProfiles(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.Handle("/", next)
	return mux
}
