// Package request gives each request a name, and counts requests.
//
//	request ─▶ Handler ─▶ next: what it logs with the request's context has request_id
//	answer  ◀── X-Request-Id, where it is an error
//
// The name is random, and of one request alone: nothing can be told from it of who asked,
// nor that two requests are of the same visitor. There is no log of requests; the name is
// in those lines that are written anyway.
package request

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/http"
	"strings"
	"time"
)

// Header has the name of a request.
const Header = "X-Request-Id"

const (
	nameBytes = 8
	mostBytes = 64 // of a proxy's name
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

type key struct{}

// With returns a context of the request of this name.
func With(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, key{}, name)
}

// ID returns the name of the request that a context is of, or nothing.
func ID(ctx context.Context) string {
	name, _ := ctx.Value(key{}).(string)
	return name
}

// New returns a name: 13 letters and digits.
func New() string {
	var random [nameBytes]byte
	rand.Read(random[:])
	return strings.ToLower(encoding.EncodeToString(random[:]))
}

// Handler names each request before Next gets it, and says the name in answers that are
// errors. It is not changed after its first use.
type Handler struct {
	Next http.Handler
	// Proxied reports whether a request comes from a proxy whose own name for it is
	// taken, in Header. Nil: none is.
	Proxied func(*http.Request) bool
	Counts  *Counts // nil: nobody counts
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	name := ""
	if h.Proxied != nil && h.Proxied(r) {
		name = fit(r.Header.Get(Header))
	}
	if name == "" {
		name = New()
	}
	a := &answer{ResponseWriter: w, name: name}
	if h.Counts != nil {
		defer func() { h.Counts.add(r.URL.Path, a.status, time.Since(began)) }()
	}
	h.Next.ServeHTTP(a, r.WithContext(With(r.Context(), name)))
}

// fit returns a proxy's name for a request if it is harmless, else nothing.
func fit(name string) string {
	if len(name) > mostBytes {
		return ""
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return ""
		}
	}
	return name
}

// answer adds the name to an answer that is an error.
type answer struct {
	http.ResponseWriter
	name   string
	status int // 0: nothing was answered yet
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
			a.status = status
		}
		if status >= http.StatusBadRequest {
			a.Header().Set(Header, a.name)
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}
