package classify_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/moderate/classify"
)

// hang answers with some of a body, and no more while the client waits.
func hang(some string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if some != "" {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, some)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
}

// cut ends the connection in the middle of an answer.
func cut(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, answer)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// endless answers with labels until nobody reads any more.
func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"model":"m","labels":{"a":1`)
	for err := error(nil); err == nil; {
		_, err = io.WriteString(w, strings.Repeat(`,"a":1`, 100))
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	if r.URL.Host != "" || r.URL.Path != "/v1/classify" {
		panic("a redirect was followed")
	}
	http.Redirect(w, r, "http://elsewhere.test/v1/classify", http.StatusTemporaryRedirect)
}

func html(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	io.WriteString(w, "<html>"+answer)
}

func TestFaults(t *testing.T) {
	connection, timeout, status, bad := classify.Failures{Connection: 1}, classify.Failures{Timeout: 1}, classify.Failures{Status: 1}, classify.Failures{BadAnswer: 1}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		is      error
		says    string
		failed  classify.Failures
		retried uint64
	}{
		{"hangs", hang(""), classify.ErrUnavailable, "longer than 2s", timeout, 0},
		{"hangs in the answer", hang(answer[:20]), classify.ErrUnavailable, "longer than 2s", timeout, 0},
		{"cut", cut, classify.ErrUnavailable, "see whether it runs", connection, 1},
		{"gone", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, classify.ErrUnavailable, "EOF", connection, 1},
		{"busy", says(503, `{"error":"later"}`), classify.ErrUnavailable, `503, "later"`, status, 1},
		{"bad gateway", says(502, "<html>"), classify.ErrUnavailable, "502", status, 1},
		{"gateway timeout", says(504, ""), classify.ErrUnavailable, "504", status, 1},
		{"broken", says(500, `{"error":"oh"}`), classify.ErrUnavailable, `500, "oh"`, status, 0},
		{"another token", says(401, "{}"), classify.ErrUnavailable, "check Token", status, 0},
		{"another service", says(404, "{}"), classify.ErrUnavailable, "404", status, 0},
		{"redirect", redirect, classify.ErrBadAnswer, "elsewhere.test", bad, 0},
		{"no content", says(204, ""), classify.ErrBadAnswer, "204", bad, 0},
		{"HTML", html, classify.ErrBadAnswer, "text/html", bad, 0},
		{"endless", endless, classify.ErrBadAnswer, "longer than 16384 bytes", bad, 0},
		{"no JSON", says(200, "porn"), classify.ErrBadAnswer, "invalid", bad, 0},
		{"NaN", says(200, `{"model":"m","labels":{"porn":"NaN"}}`), classify.ErrBadAnswer, `"NaN"`, bad, 0},
		{"refused", says(400, `{"error":"no JPEG"}`), classify.ErrImage, "no JPEG", classify.Failures{Image: 1}, 0},
		{"too large for it", says(413, ``), classify.ErrImage, "413", classify.Failures{Image: 1}, 0},
		{"not its type", says(415, ``), classify.ErrImage, "415", classify.Failures{Image: 1}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run(t, classify.Options{Token: "secret"}, tt.handler, func(t *testing.T, c *classify.Client) {
				began := time.Now()
				_, err := c.Classify(t.Context(), []byte("image"))
				if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret") {
					t.Errorf("Classify: %v, want %v with %q", err, tt.is, tt.says)
				}
				if took := time.Since(began); took > 2*time.Second { // of the bubble
					t.Errorf("it took %v", took)
				}
				checkStats(t, c, classify.Stats{Asked: 1, Failed: tt.failed, Retried: tt.retried})
			})
		})
	}
}

func TestNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	c, err := classify.New(classify.Options{URL: "http://" + ln.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Classify(t.Context(), []byte("image")); !errors.Is(err, classify.ErrUnavailable) {
		t.Errorf("Classify: %v", err)
	}
	checkStats(t, c, classify.Stats{Asked: 1, Failed: classify.Failures{Connection: 1}, Retried: 1})
}

func TestImageThatIsNotSent(t *testing.T) {
	run(t, classify.Options{}, func(http.ResponseWriter, *http.Request) { panic("asked") }, func(t *testing.T, c *classify.Client) {
		for _, image := range [][]byte{nil, make([]byte, classify.MaxImage+1)} {
			if _, err := c.Classify(t.Context(), image); !errors.Is(err, classify.ErrImage) {
				t.Errorf("%d bytes: %v", len(image), err)
			}
		}
		checkStats(t, c, classify.Stats{Asked: 2, Failed: classify.Failures{Image: 2}})
	})
}

func TestRetry(t *testing.T) {
	tests := []struct {
		name     string
		retries  int
		after    string
		failures int // before it answers
		ok       bool
		retried  uint64
		atLeast  time.Duration
		atMost   time.Duration
	}{
		{"once is enough", 0, "", 1, true, 1, 50 * time.Millisecond, 150 * time.Millisecond},
		{"once is not", 0, "", 2, false, 1, 50 * time.Millisecond, 150 * time.Millisecond},
		{"twice", 2, "", 2, true, 2, 100 * time.Millisecond, 300 * time.Millisecond},
		{"never", -1, "", 1, false, 0, 0, 0},
		{"when it asks to", 0, "1", 1, true, 1, time.Second, time.Second},
		{"not if that is too late", 0, "2", 1, false, 0, 0, 0},
		{"nor ever", 0, "65535", 1, false, 0, 0, 0},
		{"a date means soon", 0, "Fri, 31 Dec 1999 23:59:59 GMT", 1, true, 1, 50 * time.Millisecond, 150 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tries := 0
			handler := func(w http.ResponseWriter, r *http.Request) {
				if got, _ := io.ReadAll(r.Body); string(got) != "image" {
					t.Errorf("try %d brings %q", tries, got)
				}
				if tries++; tries > tt.failures {
					says(200, answer)(w, r)
					return
				}
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				says(503, `{"error":"busy"}`)(w, r)
			}
			run(t, classify.Options{Retries: tt.retries}, handler, func(t *testing.T, c *classify.Client) {
				began := time.Now()
				_, err := c.Classify(t.Context(), []byte("image"))
				if (err == nil) != tt.ok {
					t.Errorf("Classify: %v", err)
				}
				if took := time.Since(began); took < tt.atLeast || took > tt.atMost { // of the bubble
					t.Errorf("it took %v, want %v to %v", took, tt.atLeast, tt.atMost)
				}
				if got := c.Stats().Retried; got != tt.retried {
					t.Errorf("%d retries, want %d", got, tt.retried)
				}
			})
		})
	}
}

// The caller may end a call at any time, and no failure of the classifier is made of it.
func TestCancel(t *testing.T) {
	run(t, classify.Options{Concurrency: 1, Breaker: classify.Breaker{Failures: 1}}, hang(""), func(t *testing.T, c *classify.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		for range 2 { // one asks, one waits
			go func() {
				_, err := c.Classify(ctx, []byte("image"))
				ended <- err
			}()
		}
		synctest.Wait()
		checkStats(t, c, classify.Stats{Asked: 2, InFlight: 1, Waiting: 1})
		cancel()
		for range 2 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Classify: %v", err)
			}
		}
		checkStats(t, c, classify.Stats{Asked: 2, Failed: classify.Failures{Cancelled: 2}})
	})
}

// A transport may read a body after its answer has come (http.RoundTripper), when the
// caller writes into the image already.
func TestImageIsTheCallersAgain(t *testing.T) {
	var kept []io.Reader
	late := transport(func(r *http.Request) (*http.Response, error) {
		again, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		half := make([]byte, 2)
		r.Body.Read(half)
		kept = []io.Reader{r.Body, again}
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer))}, nil
	})
	c, err := classify.New(classify.Options{URL: "http://classifier.test", Transport: late})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Classify(t.Context(), []byte("image")); err != nil {
		t.Fatal(err)
	}
	for _, body := range kept {
		if got, err := io.ReadAll(body); len(got) > 0 || err == nil {
			t.Errorf("afterwards %q is read of the image, %v", got, err)
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
