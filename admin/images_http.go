package admin

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

// routeImages adds the paths of known images.
func (s *Server) routeImages() {
	s.mux.HandleFunc("GET /v1/images", s.answer(s.images))
	s.mux.HandleFunc("DELETE /v1/images", s.answer(s.removeImages))
	s.mux.HandleFunc("POST /v1/images/check", s.answer(s.checkImage))
	s.mux.HandleFunc("POST /v1/images/import", s.upload(maxList, s.importImages))
}

func (s *Server) importImages(r *http.Request) (any, error) {
	query, err := readQuery(r, "source", "dry_run")
	if err != nil {
		return nil, err
	}
	req := ImportImagesRequest{Source: query.Get("source"), By: peerOf(r.Context())}
	if req.DryRun, err = readSwitch(query, "dry_run"); err != nil {
		return nil, err
	}
	return s.service.ImportImages(r.Context(), req, r.Body)
}

func (s *Server) images(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Images(r.Context())
}

func (s *Server) checkImage(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req CheckImageRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	return s.service.CheckImage(r.Context(), req)
}

func (s *Server) removeImages(r *http.Request) (any, error) {
	query, err := readQuery(r, "source")
	if err != nil {
		return nil, err
	}
	return s.service.RemoveImages(r.Context(), RemoveImagesRequest{Source: query.Get("source"), By: peerOf(r.Context())})
}

// ImportImages sends a list and makes its images known. The server ignores req.By and asks
// the kernel.
func (c *Client) ImportImages(ctx context.Context, req ImportImagesRequest, r io.Reader) (result ImportImagesResult, err error) {
	query := url.Values{"source": {req.Source}}
	if req.DryRun {
		query.Set("dry_run", "true")
	}
	answer, err := c.open(ctx, http.MethodPost, "/v1/images/import?"+query.Encode(), io.NopCloser(r))
	if err != nil {
		return result, err
	}
	defer answer.Body.Close()
	return result, readAnswer(answer.Body, maxAnswer, &result)
}

// Images counts the known images of each source.
func (c *Client) Images(ctx context.Context) (list ImageList, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/images", nil, &list)
	return list, err
}

// CheckImage tells whether a picture looks like one that is known.
func (c *Client) CheckImage(ctx context.Context, req CheckImageRequest) (result CheckImageResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/images/check", req, &result)
	return result, err
}

// RemoveImages forgets the known images of a source. The server ignores req.By and asks
// the kernel.
func (c *Client) RemoveImages(ctx context.Context, req RemoveImagesRequest) (result RemoveImagesResult, err error) {
	err = c.do(ctx, http.MethodDelete, "/v1/images?"+url.Values{"source": {req.Source}}.Encode(), nil, &result)
	return result, err
}
