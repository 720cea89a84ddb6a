package admin

import (
	"io"
	"log/slog"
	"net/http"
	"time"
)

// stallTime is how long the other side of a stream may do nothing. A stream as a
// whole lasts as long as it needs.
const stallTime = 30 * time.Second

// stream answers with what handle writes. If handle fails before that, the answer
// is its error; if it fails later the connection is cut, so that the client does
// not take a part for the whole.
func (s *Server) stream(contentType string, handle func(io.Writer, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.streams.Add(1)
		defer s.streams.Done()
		out := &streamWriter{w: w, control: http.NewResponseController(w), contentType: contentType}
		err := handle(out, r)
		switch {
		case err == nil:
			out.start()
			s.outcomes.add(outcomeOK)
		case !out.started:
			s.refuse(w, r, err)
		default:
			s.outcomes.add(string(CodeInternal))
			s.log.WarnContext(r.Context(), "an answer on the control socket was cut off", "path", r.URL.Path, "by", peerOf(r.Context()), slog.Any("error", err))
			panic(http.ErrAbortHandler)
		}
	}
}

// upload answers with what handle makes of a body of at most so many bytes.
func (s *Server) upload(most int64, handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.streams.Add(1)
		defer s.streams.Done()
		// A copy: where net/http knows the request's own body, it lets a client that is
		// still sending read the answer before it closes the connection.
		patient := r.WithContext(r.Context())
		patient.Body = &patientBody{http.MaxBytesReader(w, r.Body, most), http.NewResponseController(w)}
		body, err := handle(patient)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.outcomes.add(outcomeOK)
		writeJSON(w, http.StatusOK, body)
	}
}

// patientBody is a request's body that may take as long as it needs, as long as it
// goes on.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (p *patientBody) Read(into []byte) (int, error) {
	if err := p.control.SetReadDeadline(time.Now().Add(stallTime)); err != nil {
		return 0, err
	}
	return p.ReadCloser.Read(into)
}

// streamWriter begins the answer with the first byte.
type streamWriter struct {
	w           http.ResponseWriter
	control     *http.ResponseController
	contentType string
	started     bool
}

func (s *streamWriter) start() {
	if !s.started {
		s.started = true
		s.w.Header().Set("Content-Type", s.contentType)
	}
}

// Write implements io.Writer.
func (s *streamWriter) Write(p []byte) (int, error) {
	s.start()
	if err := s.control.SetWriteDeadline(time.Now().Add(stallTime)); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}
