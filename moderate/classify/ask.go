package classify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 16 << 10

// jitter is how long after a failure the next try follows: 50 to 150 ms.
func jitter() time.Duration { return 50*time.Millisecond + rand.N(100*time.Millisecond) }

// askOnce sends the image and reads the verdict.
func (c *Client) askOnce(ctx context.Context, image *loan, size int) (Verdict, *fault) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/classify", image.body())
	if err != nil {
		return Verdict{}, &fault{kind: noConnection, err: fmt.Errorf("%w: %w", ErrUnavailable, err)}
	}
	req.ContentLength = int64(size)
	req.GetBody = func() (io.ReadCloser, error) { return image.body(), nil }
	req.Header.Set("Content-Type", "image/jpeg")
	text, f := c.exchange(req)
	if f != nil {
		return Verdict{}, f
	}
	verdict, err := parseVerdict(text)
	if err != nil {
		return Verdict{}, notBelieved(err)
	}
	return verdict, nil
}

// exchange sends a request and returns the JSON of an answer with status 200.
func (c *Client) exchange(req *http.Request) ([]byte, *fault) {
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+string(c.token))
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "joingyd")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.lost(req.Context(), err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.lost(req.Context(), err)
	case resp.StatusCode != http.StatusOK:
		return nil, statusFault(resp, text)
	case len(text) > maxAnswer:
		return nil, notBelieved(fmt.Errorf("it is longer than %d bytes", maxAnswer))
	}
	if media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, notBelieved(fmt.Errorf("its Content-Type is %.100q, not application/json", resp.Header.Get("Content-Type")))
	}
	return text, nil
}

// lost says why no answer came, or half of one.
func (c *Client) lost(ctx context.Context, err error) *fault {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &fault{kind: cancelled, err: ctx.Err()}
	case ctx.Err() != nil:
		return &fault{kind: timedOut, err: fmt.Errorf("%w in time: %w; see whether it is busy, or give it longer than %v", ErrUnavailable, err, c.timeout)}
	}
	return &fault{kind: noConnection, err: fmt.Errorf("%w: %w; see whether it runs", ErrUnavailable, err), again: true}
}

// statusFault is what a status other than 200 means.
func statusFault(resp *http.Response, text []byte) *fault {
	var why struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(text, &why) // what is no JSON says nothing
	unavailable := fmt.Errorf("%w: status %d, %.200q", ErrUnavailable, resp.StatusCode, why.Error)
	switch status := resp.StatusCode; {
	case status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnsupportedMediaType:
		return &fault{kind: refusedImage, err: fmt.Errorf("%w: status %d, %.200q", ErrImage, status, why.Error)}
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		seconds, _ := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 16) // RFC 9110 section 10.2.3; a date is not awaited
		return &fault{kind: wrongStatus, err: unavailable, again: true, after: time.Duration(seconds) * time.Second}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return &fault{kind: wrongStatus, err: fmt.Errorf("%w; check Token", unavailable)}
	case status < 300:
		return notBelieved(fmt.Errorf("status %d in place of 200", status))
	case status < 400:
		return notBelieved(fmt.Errorf("status %d towards %.200q is not followed; name the classifier's own address in URL", status, resp.Header.Get("Location")))
	}
	return &fault{kind: wrongStatus, err: unavailable}
}
