package admin

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

// maxList bounds an imported list, in bytes: a million of CrowdSec's decisions, or
// some fifty million addresses.
const maxList = 1 << 30

// exportTrailer is the HTTP trailer that holds an ExportResult.
const exportTrailer = "Joingyd-Export"

// routeLists adds the paths of lists.
func (s *Server) routeLists() {
	s.mux.HandleFunc("POST /v1/bans/import", s.upload(maxList, s.importBans))
	s.mux.HandleFunc("GET /v1/bans/export", s.exportBans)
}

// Import sends a list and makes its bans. The server ignores req.By and asks the
// kernel.
func (c *Client) Import(ctx context.Context, req ImportRequest, r io.Reader) (result ImportResult, err error) {
	query := url.Values{}
	for name, value := range map[string]string{
		"format": string(req.Format), "name": req.Name, "scope": string(req.Scope), "for": req.For, "reason": req.Reason, "note": req.Note,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range map[string]bool{"permanent": req.Permanent, "keep_address": req.KeepAddress, "dry_run": req.DryRun, "force": req.Force} {
		if value {
			query.Set(name, "true")
		}
	}
	if len(req.Own) > 0 {
		query.Set("own", strings.Join(req.Own, ","))
	}
	answer, err := c.open(ctx, http.MethodPost, "/v1/bans/import?"+query.Encode(), io.NopCloser(r))
	if err != nil {
		return result, err
	}
	defer answer.Body.Close()
	return result, readAnswer(answer.Body, maxAnswer, &result)
}

// Export writes the active bans to w.
func (c *Client) Export(ctx context.Context, req ExportRequest, w io.Writer) (result ExportResult, err error) {
	query := url.Values{"format": {string(req.Format)}, "scope": {string(req.Scope)}}
	answer, err := c.open(ctx, http.MethodGet, "/v1/bans/export?"+query.Encode(), nil)
	if err != nil {
		return result, err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(w, answer.Body); err != nil {
		return result, err
	}
	return result, json.Unmarshal([]byte(answer.Trailer.Get(exportTrailer)), &result)
}

func (s *Server) importBans(r *http.Request) (any, error) {
	query, err := readQuery(r, "format", "name", "scope", "for", "reason", "note", "permanent", "keep_address", "dry_run", "force", "own")
	if err != nil {
		return nil, err
	}
	req := ImportRequest{
		Format: list.Format(query.Get("format")), Name: query.Get("name"), Scope: ban.Scope(query.Get("scope")), For: query.Get("for"),
		Reason: query.Get("reason"), Note: query.Get("note"), Own: connectedFrom(r), By: peerOf(r.Context()),
	}
	if text := query.Get("own"); text != "" {
		req.Own = append(req.Own, strings.Split(text, ",")...)
	}
	for name, flag := range map[string]*bool{"permanent": &req.Permanent, "keep_address": &req.KeepAddress, "dry_run": &req.DryRun, "force": &req.Force} {
		if *flag, err = readSwitch(query, name); err != nil {
			return nil, err
		}
	}
	return s.service.Import(r.Context(), req, r.Body)
}

func (s *Server) exportBans(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", exportTrailer)
	s.stream("text/plain; charset=utf-8", func(out io.Writer, r *http.Request) error {
		query, err := readQuery(r, "format", "scope")
		if err != nil {
			return err
		}
		result, err := s.service.Export(r.Context(), ExportRequest{list.Format(query.Get("format")), ban.Scope(query.Get("scope"))}, out)
		if err != nil {
			return err
		}
		text, err := json.Marshal(result)
		w.Header().Set(exportTrailer, string(text))
		return err
	})(w, r)
}
