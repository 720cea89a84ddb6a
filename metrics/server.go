package metrics

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
)

// The limits of a scrape, and of what Run waits for at its end.
const (
	scrapeTime = 10 * time.Second
	scrapes    = 4 // at the same time
	drainTime  = time.Second
)

// Server answers GET /metrics, and nothing else. It asks for no password.
type Server struct {
	handler  http.Handler
	registry *prometheus.Registry
	log      *slog.Logger
}

// NewServer returns a server of what sources count, and of what the process and
// the Go runtime do. A nil log logs nowhere.
func NewServer(sources Sources, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	registry := prometheus.NewRegistry()
	register(registry, sources)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: scrapes,
		Timeout:             scrapeTime,
	}))
	return &Server{mux, registry, log}
}

// WriteTo writes what a scrape would get, as text.
func (s *Server) WriteTo(w io.Writer) (n int64, err error) {
	families, err := s.registry.Gather()
	if err != nil {
		return 0, err
	}
	for _, family := range families {
		written, err := expfmt.MetricFamilyToText(w, family)
		if n += int64(written); err != nil {
			return n, err
		}
	}
	return n, nil
}

// register puts every metric into a registry.
func register(registry prometheus.Registerer, sources Sources) {
	registry.MustRegister(
		newCollector(sources),
		portsPart(sources), keptPart(sources), hostPart(sources), clusterPart(sources),
		sharedRedisPart(sources), sharedPoolPart(sources), sharedBansPart(sources), sharedAccountsPart(sources), relaysPart(sources),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
}

// Run serves on ln until ctx is done, then lets scrapes under way finish for up
// to a second. It closes ln, and returns nil if ctx ended it.
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      2 * scrapeTime,
		IdleTimeout:       2 * time.Minute, // Prometheus keeps its connection from scrape to scrape
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // clients' faults
	}
	drained := make(chan error, 1)
	cancel := context.AfterFunc(ctx, func() {
		deadline, done := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer done()
		drained <- server.Shutdown(deadline)
	})
	err := server.Serve(ln)
	if !cancel() {
		err = <-drained // ctx is done, so Serve's own error only says that it was told to stop
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil // somebody connected and asked nothing, or reads slowly
		}
	}
	return errors.Join(err, server.Close())
}
