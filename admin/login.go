package admin

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"
)

// Links makes links by which somebody logs in to the moderators' page.
type Links interface {
	// Make returns a link for one person, which is good once and until a time. The error
	// says that too many wait to be used.
	Make(name string) (url string, until time.Time, err error)
}

// LoginRequest asks for a link to the moderators' page.
type LoginRequest struct {
	For string `json:"for,omitempty"` // who will use it, and decide by that name; empty: By

	By string `json:"-"` // as in BanRequest
}

// LoginResult is the link.
type LoginResult struct {
	URL   string    `json:"url"` // a secret until it was used
	For   string    `json:"for"`
	Until time.Time `json:"until"`
}

// Validate reports what is wrong with the request itself.
func (r LoginRequest) Validate() error {
	if r.For == "" {
		return nil
	}
	return ValidateName(r.For)
}

const maxName = 64 // bytes, as much as a decision keeps

// ValidateName reports whether a moderator may have this name. It stands in decisions,
// bans and the audit log beside the names of the machine's users, where it means the
// same person.
func ValidateName(name string) error {
	switch {
	case name == "" || len(name) > maxName, strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@+") != "":
		return invalid("%s is not a moderator's name; use 1 to %d letters, digits, '.', '-', '_', '@' and '+'", quote(name), maxName)
	case name == tokenPeer || name == unknownPeer:
		return invalid("%s names nobody; say who it is for", quote(name))
	}
	return nil
}

// Login makes a link to the moderators' page. Who made it for whom is written down first.
func (s *Service) Login(_ context.Context, req LoginRequest) (LoginResult, error) {
	if s.opts.Links == nil {
		return LoginResult{}, &Error{CodeUnavailable, "there is no moderators' page; set admin.web_listen, such as to 127.0.0.1:8090, and start the daemon again"}
	}
	by := cmp.Or(req.By, ownName())
	result := LoginResult{For: cmp.Or(req.For, by)}
	if err := ValidateName(result.For); err != nil {
		return LoginResult{}, invalid("%s; name another with --for", err)
	}
	if err := s.record(by, "desk.link", result.For, nil); err != nil {
		return LoginResult{}, err
	}
	var err error
	if result.URL, result.Until, err = s.opts.Links.Make(result.For); err != nil {
		return LoginResult{}, &Error{CodeUnavailable, err.Error()}
	}
	return result, nil
}

// LoggedIn writes down that somebody logged in to the moderators' page, and how: by
// link or by proxy. An error lets nobody in.
func (s *Service) LoggedIn(_ context.Context, name, how string) error {
	return s.record(name, "desk.login", name, map[string]string{"by": how})
}

func (s *Server) login(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req LoginRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.Login(r.Context(), req)
}

// Login makes a link to the moderators' page. The server ignores req.By and asks the
// kernel.
func (c *Client) Login(ctx context.Context, req LoginRequest) (result LoginResult, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/desk/login", req, &result)
	return result, err
}
