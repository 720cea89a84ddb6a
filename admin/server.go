package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxRequest bounds a request's body. The longest sensible one, with a full
// reason and note, has under 10 KiB.
const maxRequest = 16 << 10

// drainTime is how long Run waits for requests under way when it has to end.
const drainTime = 5 * time.Second

// Server answers requests on the control socket.
type Server struct {
	service *Service
	mux     *http.ServeMux
	log     *slog.Logger
	streams sync.WaitGroup // answers that last

	outcomes outcomes
}

// NewServer returns a server that has service carry requests out. A nil log
// logs nowhere; request.NewLog adds to its lines the names of requests.
func NewServer(service *Service, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{service: service, mux: http.NewServeMux(), log: log}
	s.routeBans()
	s.mux.HandleFunc("GET /v1/sessions", everywhere(s, s.sessions, mergeSessions))
	s.mux.HandleFunc("POST /v1/sessions/{id}/kick", s.anywhere(s.kick))
	s.mux.HandleFunc("POST /v1/sessions/{id}/warn", s.anywhere(s.warn))
	s.mux.HandleFunc("/v1/nodes/", s.forward)
	s.mux.HandleFunc("GET /v1/audit", s.answer(limited(s.service.AuditLog)))
	s.mux.HandleFunc("GET /v1/relay", s.answer(s.relayList))
	s.mux.HandleFunc("GET /v1/relay/{name}", s.answer(s.relayShow))
	s.mux.HandleFunc("DELETE /v1/relay", s.answer(s.relayKill))
	s.mux.HandleFunc("POST /v1/relay/drain", s.answer(s.relayDrain))
	s.mux.HandleFunc("GET /v1/cluster", s.answer(s.clusterStatus))
	s.mux.HandleFunc("POST /v1/cluster/drain", s.answer(s.clusterDrain))
	s.routeCases()
	s.routeLists()
	s.routeImages()
	s.routeBackup()
	s.routeDisclosures()
	s.routeLegalHolds()
	s.routePrivacy()
	s.mux.HandleFunc("GET /v1/keys", s.answer(s.keys))
	s.mux.HandleFunc("POST /v1/keys/rotate", s.answer(s.rotateKeys))
	s.mux.HandleFunc("GET /v1/transparency", s.answer(s.transparency))
	s.mux.HandleFunc("GET /v1/totals", s.answer(s.totals))
	s.mux.HandleFunc("GET /v1/status", s.answer(s.status))
	s.mux.HandleFunc("GET /v1/doctor", s.answer(s.diagnose))
	s.mux.HandleFunc("/", s.answer(s.unknown))
	return s
}

// Run serves on ln until ctx is done, then lets requests under way finish for up
// to 5 s. It closes ln, and returns nil if ctx ended it. Beside the API it serves profiles of
// the process under /debug/pprof/, as RunToken does not.
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	return s.run(ctx, ln, withProfiles(s.mux), withPeer)
}

func (s *Server) run(ctx context.Context, ln net.Listener, handler http.Handler, peer func(context.Context, net.Conn) context.Context) error {
	server := &http.Server{
		Handler:        named(handler),
		ReadTimeout:    10 * time.Second,
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: maxRequest,
		ConnContext:    peer,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
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
			err = nil // a client that stays silent is cut off below
		}
	}
	err = errors.Join(err, server.Close())
	s.streams.Wait() // their connections are closed
	return err
}

func (s *Server) kick(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req KickRequest
	if r.ContentLength != 0 { // a kick without a reason has no body
		if err := decode(r, &req); err != nil {
			return nil, err
		}
	}
	req.Session, req.By = r.PathValue("id"), peerOf(r.Context())
	return s.service.Kick(r.Context(), req)
}

func (s *Server) status(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Status(r.Context())
}

func (s *Server) unknown(r *http.Request) (any, error) {
	return nil, notFound("the daemon does not know %s %s; use a joingyd of its version", r.Method, quote(r.URL.Path))
}

// answer writes what a handler returns as JSON.
func (s *Server) answer(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		body, err := handle(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.outcomes.add(outcomeOK)
		writeJSON(w, http.StatusOK, body)
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The client may be gone; then nobody is left to tell.
	_ = json.NewEncoder(w).Encode(body)
}

func asError(err error) *Error {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure
	}
	return &Error{CodeInternal, err.Error()}
}

func httpStatus(code Code) int {
	switch code {
	case CodeInvalid:
		return http.StatusBadRequest
	case CodeNeedsForce:
		return http.StatusConflict
	case CodeNotFound:
		return http.StatusNotFound
	case CodeUnauthorized:
		return http.StatusUnauthorized
	case CodeForbidden:
		return http.StatusForbidden
	case CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// decode reads exactly one JSON object with no field that into lacks.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return invalid("the request is too large; %d bytes are allowed", maxRequest)
		}
		return invalid("the request cannot be read: %s; use a joingyd of the daemon's version", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("the request goes on after its JSON object; send one object")
	}
	return nil
}

// readQuery returns the query, which holds only names, each at most once.
func readQuery(r *http.Request, names ...string) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("the query cannot be read: %s", err)
	}
	for name, values := range query {
		if !slices.Contains(names, name) || len(values) > 1 {
			return nil, invalid("the query's parameter %s is unknown or there twice; use a joingyd of the daemon's version", quote(name))
		}
	}
	return query, nil
}

func noQuery(r *http.Request) error {
	_, err := readQuery(r)
	return err
}

// readSwitch reads what is true or false, and false if it is missing.
func readSwitch(query url.Values, name string) (bool, error) {
	switch text := query.Get(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, invalid("%s is %s; write true or false", name, quote(text))
	}
}

// readNumber reads a whole number, 0 if it is missing.
func readNumber(query url.Values, name string) (int, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, invalid("%s is %s; write a whole number", name, quote(text))
	}
	return n, nil
}

// limited answers with a list of which nothing can be said but how much is wanted.
func limited[T any](list func(ctx context.Context, limit int) (T, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		query, err := readQuery(r, "limit")
		if err != nil {
			return nil, err
		}
		limit, err := readNumber(query, "limit")
		if err != nil {
			return nil, err
		}
		return list(r.Context(), limit)
	}
}
