package agepass

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Why a checker gave no verdict.
var (
	ErrBusy        = errors.New("too many age checks at once; try again later")
	ErrUnreachable = errors.New("the age checker does not answer; try again later")
	ErrRefused     = errors.New("the age checker does not know this code: it was used already, is too old, or belongs to another state")
	ErrAnswer      = errors.New("the age checker's answer is not understood")
)

// Bounds of what is taken from a checker.
const (
	DefaultTimeout     = 5 * time.Second
	DefaultConcurrency = 8
	mostAnswer         = 4 << 10 // bytes of a body
	mostHeader         = 16 << 10
)

// CheckerOptions say whom to ask, and how.
type CheckerOptions struct {
	URL         string        // https, or http of this machine
	Token       string        // sent as Authorization: Bearer; empty if the checker asks for none
	Timeout     time.Duration // for one question, to the end of its answer; 0 means DefaultTimeout
	Concurrency int           // questions at once; one more gets ErrBusy; 0 means DefaultConcurrency
}

// Verdict is what a checker said.
type Verdict struct {
	Adult   bool
	Expires time.Time // how long its word holds; zero if it did not say
}

// CheckerStats count the questions by what became of them.
type CheckerStats struct {
	Adult, Minor, Refused, Failed, Busy uint64
}

// Checker asks the checker. It is safe for concurrent use, follows no redirect, and
// has no goroutine and no connection but while it asks.
type Checker struct {
	url, token string
	timeout    time.Duration
	http       *http.Client
	places     chan struct{}

	adult, minor, refused, failed, busy atomic.Uint64
}

// NewChecker returns a Checker. The error names the option.
func NewChecker(o CheckerOptions) (*Checker, error) {
	if _, err := parseURL(o.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if o.Timeout < 0 || o.Concurrency < 0 {
		return nil, errors.New("timeout, concurrency: must not be negative")
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Concurrency == 0 {
		o.Concurrency = DefaultConcurrency
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // they are rare
	transport.MaxResponseHeaderBytes = mostHeader
	return &Checker{
		url: o.URL, token: o.Token, timeout: o.Timeout,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		places: make(chan struct{}, o.Concurrency),
	}, nil
}

// Stats returns the counts so far.
func (c *Checker) Stats() CheckerStats {
	return CheckerStats{c.adult.Load(), c.minor.Load(), c.refused.Load(), c.failed.Load(), c.busy.Load()}
}

// Check asks what a code is worth that came back with a state. The error is
// ErrBusy, ErrUnreachable, ErrRefused or ErrAnswer, with what happened.
func (c *Checker) Check(ctx context.Context, state, code string) (Verdict, error) {
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	default:
		c.busy.Add(1)
		return Verdict{}, ErrBusy
	}
	verdict, err := c.ask(ctx, state, code)
	switch {
	case errors.Is(err, ErrRefused):
		c.refused.Add(1)
	case err != nil:
		c.failed.Add(1)
	case verdict.Adult:
		c.adult.Add(1)
	default:
		c.minor.Add(1)
	}
	return verdict, err
}

// question is the body of a request.
type question struct {
	Challenge string `json:"challenge"` // the state
	Answer    string `json:"answer"`    // the code
}

func (c *Checker) ask(ctx context.Context, state, code string) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	body, err := json.Marshal(question{state, code})
	if err != nil {
		return Verdict{}, err // of two strings it never is
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return Verdict{}, fmt.Errorf("%w: %v", ErrUnreachable, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Verdict{}, fmt.Errorf("%w: %v", ErrUnreachable, err)
	}
	defer response.Body.Close()
	if err := statusError(response); err != nil {
		return Verdict{}, err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	if err != nil {
		return Verdict{}, fmt.Errorf("%w: %v", ErrUnreachable, err)
	}
	return parseVerdict(answer)
}

func statusError(r *http.Response) error {
	switch status := r.StatusCode; {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%w: %s; configure the token that it wants", ErrAnswer, r.Status)
	case status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("%w: %s", ErrUnreachable, r.Status)
	case status >= 400:
		return fmt.Errorf("%w: %s", ErrRefused, r.Status)
	case status >= 300:
		return fmt.Errorf("%w: %s, a redirect, which is not followed; configure the address that it names", ErrAnswer, r.Status)
	default:
		return fmt.Errorf("%w: %s; it must be 200", ErrAnswer, r.Status)
	}
}

// parseVerdict reads {"adult": true, "expires": "2026-12-24T18:00:00Z"}. Other
// fields are ignored; without adult there is no verdict.
func parseVerdict(body []byte) (Verdict, error) {
	if len(body) > mostAnswer {
		return Verdict{}, fmt.Errorf("%w: it has more than %d bytes", ErrAnswer, mostAnswer)
	}
	var said struct {
		Adult   *bool     `json:"adult"`
		Expires time.Time `json:"expires"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return Verdict{}, fmt.Errorf("%w: %v", ErrAnswer, err)
	}
	if said.Adult == nil {
		return Verdict{}, fmt.Errorf("%w: adult is missing; it must be true or false", ErrAnswer)
	}
	return Verdict{Adult: *said.Adult, Expires: said.Expires}, nil
}
