package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// maxAnswer bounds what the client reads, in bytes: a list of some 500,000 bans.
const maxAnswer = 128 << 20

// Client asks a running daemon. Its methods are those of Service; they may be
// called at the same time, and last as long as their context lets them. What
// the daemon refuses is an *Error.
type Client struct {
	http *http.Client
	node string // that is asked through the daemon; empty: the daemon itself
}

// At returns a client for another node of the daemon's site, which is asked through the
// daemon. What a node does for others the server lists.
func (c *Client) At(node string) *Client { return &Client{c.http, node} }

// everywhere is the query for a list of all nodes, unless the client asks one.
func (c *Client) everywhere() url.Values {
	query := url.Values{}
	if c.node == "" {
		query.Set("nodes", "all")
	}
	return query
}

func withQuery(path string, query url.Values) string {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// Connect returns a client for the daemon that listens on the socket at path. If
// none does, the error wraps ErrNoDaemon.
func Connect(ctx context.Context, path string) (*Client, error) {
	conn, err := dial(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTSOCK):
		return nil, fmt.Errorf("%w on %s", ErrNoDaemon, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w; run this as root, as the daemon's user, or as a member of its admin.group", err)
	case err != nil:
		return nil, fmt.Errorf("%w; name the daemon's socket with --socket", err)
	}
	conn.Close()
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) },
		DisableKeepAlives: true,
	}}}, nil
}

// Kick ends a session without a ban. The server ignores req.By and asks the
// kernel.
func (c *Client) Kick(ctx context.Context, req KickRequest) (result KickResult, err error) {
	var body any
	if req.Reason != "" {
		body = req
	}
	err = c.do(ctx, http.MethodPost, "/v1/sessions/"+url.PathEscape(req.Session)+"/kick", body, &result)
	return result, err
}

// Status tells what the daemon is doing.
func (c *Client) Status(ctx context.Context) (result Status, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/status", nil, &result)
	return result, err
}

// do sends one request and reads its answer into result.
func (c *Client) do(ctx context.Context, method, path string, body, result any) error {
	var send io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		send = bytes.NewReader(text)
	}
	answer, err := c.open(ctx, method, path, send)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return readAnswer(answer.Body, maxAnswer, result)
}

// open sends one request and returns an answer with status 200, whose body the
// caller closes.
func (c *Client) open(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	if c.node != "" {
		path = "/v1/nodes/" + url.PathEscape(c.node) + strings.TrimPrefix(path, "/v1")
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://joingyd"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the daemon did not answer: %w; its log may say why", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	failure := new(Failed)
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(failure); err != nil || failure.Code == "" {
		return nil, fmt.Errorf("the daemon answered %s; use a joingyd of its version", resp.Status)
	}
	return nil, failure
}

// readAnswer reads one JSON value of at most so many bytes.
func readAnswer(r io.Reader, most int64, result any) error {
	limited := &io.LimitedReader{R: r, N: most}
	err := json.NewDecoder(limited).Decode(result)
	if err != nil && limited.N == 0 {
		return fmt.Errorf("the daemon's answer is longer than %d bytes; ask for less, with a limit or filters", most)
	}
	if err != nil {
		return fmt.Errorf("the daemon's answer makes no sense: %w; use a joingyd of its version", err)
	}
	return nil
}
