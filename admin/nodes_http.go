package admin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// forwardable lists what an admin of one node may ask of another. It lacks whatever reads or
// changes keys, backups and secrets, and what is long: that is for who is on the machine.
var forwardable = []string{
	"GET /v1/allowed", "GET /v1/audit", "POST /v1/bans", "DELETE /v1/bans", "GET /v1/bans", "GET /v1/bans/check", "GET /v1/bans/history", "GET /v1/bans/stats",
	"GET /v1/cases", "GET /v1/cases/about", "GET /v1/cases/held", "GET /v1/cases/stats", "GET /v1/cases/{id}", evidencePattern,
	"POST /v1/cases/decide", "POST /v1/cases/guardian", "POST /v1/cases/hold", "POST /v1/cases/release",
	"GET /v1/cluster", "GET /v1/doctor", "GET /v1/holds", "POST /v1/holds", "POST /v1/holds/{id}/release",
	"GET /v1/privacy", "POST /v1/privacy/access", "POST /v1/privacy/erase", "GET /v1/privacy/requests", "GET /v1/privacy/requests/{id}", "POST /v1/privacy/requests/end",
	"GET /v1/relay", "GET /v1/relay/{name}", "DELETE /v1/relay", "POST /v1/relay/drain",
	"GET /v1/reports", "GET /v1/sessions", "POST /v1/sessions/{id}/kick", "POST /v1/sessions/{id}/warn",
	"GET /v1/status", "GET /v1/store/check", "GET /v1/totals", "GET /v1/transparency",
}

// evidencePattern is looking at what was said and seen, which is written down too.
const evidencePattern = "GET /v1/cases/{id}/evidence"

type nodeKey struct{}

// forwardedBy returns the node whose admin asks, or "" for one of this machine.
func forwardedBy(ctx context.Context) string {
	node, _ := ctx.Value(nodeKey{}).(string)
	return node
}

// Forwarded answers what other nodes pass on for their admins. They may do here what they may
// do there, but for what is not forwardable; the audit log has what they change and which
// evidence they see, and from where. from returns the node of a request.
func (s *Server) Forwarded(from func(context.Context) string) http.Handler {
	return named(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by, node := r.Header.Get(byHeader), from(r.Context())
		ctx := context.WithValue(context.WithValue(r.Context(), peerKey{}, by), nodeKey{}, node)
		r = r.WithContext(ctx)
		_, pattern := s.mux.Handler(r)
		switch {
		case by == "" || len(by) > maxName || strings.ContainsFunc(by, func(c rune) bool { return c <= ' ' || c > '~' }):
			s.refuse(w, r, invalid("nobody is named who asks"))
			return
		case !slices.Contains(forwardable, pattern):
			s.refuse(w, r, &Error{CodeForbidden, fmt.Sprintf("node %s does this for no other node (%s %s); ask on the machine of %s", s.service.node(), r.Method, quote(r.URL.Path), s.service.node())})
			return
		case r.Method != http.MethodGet || pattern == evidencePattern:
			if err := s.service.record(by, "node.request", "", map[string]string{"request": pattern, "from": node}); err != nil {
				s.refuse(w, r, err)
				return
			}
		}
		s.mux.ServeHTTP(w, r)
	}))
}

// forward passes a request on to the node that its path names: /v1/nodes/NAME/sessions.
func (s *Server) forward(w http.ResponseWriter, r *http.Request) {
	escaped, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/v1/nodes/"), "/")
	node, err := url.PathUnescape(escaped)
	if err == nil && s.service.opts.Nodes == nil {
		err = errNoCluster
	}
	path := "/v1/" + rest
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	if err == nil && node == s.service.node() {
		own := r.Clone(r.Context())
		if own.URL, err = url.Parse(path); err == nil {
			s.mux.ServeHTTP(w, own)
			return
		}
	}
	var body []byte
	if err == nil {
		body, err = wholeBody(w, r)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	answer := s.service.askNode(r.Context(), node, nodeRequest{r.Method, path, peerOf(r.Context()), body})
	if answer.err != nil {
		s.refuse(w, r, answer.err)
		return
	}
	s.outcomes.add(outcomeOK)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer.body) // the client may be gone
}

func wholeBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return nil, invalid("the request cannot be read, or is too large; %d bytes are allowed", maxRequest)
	}
	return body, nil
}

// anywhere is answer for what one of the nodes knows: where this one does not, the others are
// asked.
func (s *Server) anywhere(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.answer(func(r *http.Request) (any, error) {
			if s.service.opts.Nodes == nil || forwardedBy(r.Context()) != "" {
				return handle(r)
			}
			body, err := wholeBody(w, r)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			answer, err := handle(r)
			if err == nil {
				return answer, nil
			}
			unknown := asError(err)
			if unknown.Code != CodeNotFound {
				return nil, err
			}
			return s.service.elsewhere(r.Context(), nodeRequest{r.Method, r.URL.RequestURI(), peerOf(r.Context()), body}, unknown)
		})(w, r)
	}
}
