package admin

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/joingyd/joingyd/ban"
)

// routeBackup adds the paths of the store as a whole.
func (s *Server) routeBackup() {
	s.mux.HandleFunc("GET /v1/backup", s.stream("application/x-tar", s.backup))
	s.mux.HandleFunc("GET /v1/store/check", s.answer(s.checkStore))
}

// Backup writes a backup to w, and checks what comes. The server ignores req.By
// and asks the kernel.
func (c *Client) Backup(ctx context.Context, req BackupRequest, w io.Writer) (Manifest, error) {
	answer, err := c.open(ctx, http.MethodGet, "/v1/backup", nil)
	if err != nil {
		return Manifest{}, err
	}
	defer answer.Body.Close()
	copied := io.TeeReader(answer.Body, w)
	m, err := readArchive(copied, func(string) (io.WriteCloser, error) { return nowhere{}, nil })
	if err != nil {
		return m, fmt.Errorf("the backup did not arrive as it should: %w", err)
	}
	_, err = io.Copy(io.Discard, copied) // what pads the archive
	return m, err
}

// nowhere is io.Discard, to be closed.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// CheckStore reads all of the ban store, and says what is wrong.
func (c *Client) CheckStore(ctx context.Context) (result ban.Report, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/store/check", nil, &result)
	return result, err
}

func (s *Server) backup(w io.Writer, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	_, err := s.service.Backup(r.Context(), BackupRequest{By: peerOf(r.Context())}, w)
	return err
}

func (s *Server) checkStore(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.CheckStore(r.Context())
}
