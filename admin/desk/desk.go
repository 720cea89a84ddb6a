package desk

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/request"
)

// Court is whom the desk asks: *admin.Service.
type Court interface {
	Cases(ctx context.Context, limit int) (admin.CaseList, error)
	Claim(context.Context, admin.ClaimRequest) (admin.Case, error)
	Unclaim(context.Context, admin.ClaimRequest) error
	Evidence(context.Context, admin.EvidenceRequest) (admin.EvidenceList, error)
	Decide(context.Context, admin.DecideRequest) (admin.DecideResult, error)
	LoggedIn(ctx context.Context, name, how string) error
}

// Options are the settings of a desk.
type Options struct {
	Court   Court
	Links   *Links
	Origins []string     // under which browsers come; see Origins
	Proxy   *Proxy       // nil: nobody else says who comes
	Hourly  int          // cases that a person may open within an hour; zero: 50
	Log     *slog.Logger // who logged in, and what was refused; nil: nowhere
}

// Desk answers browsers. It implements http.Handler.
type Desk struct {
	opts     Options
	handler  http.Handler
	sessions *sessions
	pace     *pace
	guesses  chan struct{} // holds one for each wrong login that waits for its answer
	secure   bool          // browsers come by https
}

// New returns a desk.
func New(o Options) (*Desk, error) {
	if o.Hourly == 0 {
		o.Hourly = 50
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	hosts, secure, err := readOrigins(o.Origins)
	if err != nil {
		return nil, err
	}
	d := &Desk{opts: o, sessions: newSessions(), pace: newPace(o.Hourly), guesses: make(chan struct{}, maxGuesses), secure: secure}
	mux := http.NewServeMux()
	if err := routeFiles(mux); err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /api/session", d.session)
	mux.HandleFunc("POST /api/login", d.login)
	mux.HandleFunc("POST /api/logout", d.with(d.logout))
	mux.HandleFunc("GET /api/cases", d.with(d.cases))
	mux.HandleFunc("POST /api/cases/{id}/open", d.with(d.open))
	mux.HandleFunc("POST /api/cases/{id}/keep", d.with(d.keep))
	mux.HandleFunc("POST /api/cases/{id}/release", d.with(d.release))
	mux.HandleFunc("POST /api/cases/{id}/decide", d.with(d.decide))
	d.handler = guard{hosts: hosts, next: mux}
	return d, nil
}

// ServeHTTP implements http.Handler.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

const (
	maxConns  = 256             // at once
	drainTime = 5 * time.Second // for answers under way at the end
)

// Run serves on ln until ctx is done. It closes ln, and returns nil if ctx ended it.
func (d *Desk) Run(ctx context.Context, ln net.Listener) error {
	server := &http.Server{
		Handler:        &request.Handler{Next: d},
		ReadTimeout:    10 * time.Second,
		WriteTimeout:   2 * time.Minute, // evidence may be long, and a moderator's line slow
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(d.opts.Log.Handler(), slog.LevelWarn),
	}
	drained := make(chan error, 1)
	cancel := context.AfterFunc(ctx, func() {
		deadline, done := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer done()
		drained <- server.Shutdown(deadline)
	})
	err := server.Serve(netutil.LimitListener(ln, maxConns))
	if !cancel() {
		if err = <-drained; errors.Is(err, context.DeadlineExceeded) {
			err = nil // who stays silent is cut off below
		}
	}
	return errors.Join(err, server.Close())
}
