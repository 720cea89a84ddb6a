package agepass_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/agepass"
)

func checker(t *testing.T, o agepass.CheckerOptions) *agepass.Checker {
	t.Helper()
	c, err := agepass.NewChecker(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve answers each request with a status and a body.
func serve(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestCheckerAsks(t *testing.T) {
	got := make(chan string, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), body)
		io.WriteString(w, `{"adult": true, "expires": "2026-12-24T19:00:00+01:00", "method": "passport"}`)
	})
	c := checker(t, agepass.CheckerOptions{URL: url + "/check?site=1", Token: "s3cret"})
	verdict, err := c.Check(t.Context(), "the state", "the code")
	if want := time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC); err != nil || !verdict.Adult || !verdict.Expires.Equal(want) {
		t.Errorf("Check = %v, %v", verdict, err)
	}
	if got, want := <-got, `POST /check?site=1 application/json Bearer s3cret {"challenge":"the state","answer":"the code"}`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestCheckerAnswers(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   error
		says   string
	}{
		{200, `{"adult": true}`, nil, ""},
		{200, `{"adult": false}`, nil, ""},
		{200, `{"expires": "2026-12-24T18:00:00Z"}`, agepass.ErrAnswer, "adult is missing"},
		{200, `{"adult": null}`, agepass.ErrAnswer, "adult is missing"},
		{200, `{"adult": "yes"}`, agepass.ErrAnswer, "adult"},
		{200, `{"adult": true, "expires": "tomorrow"}`, agepass.ErrAnswer, "tomorrow"},
		{200, `{"adult": true} {}`, agepass.ErrAnswer, "after top-level value"},
		{200, `<html>`, agepass.ErrAnswer, "invalid character"},
		{200, ``, agepass.ErrAnswer, "unexpected end"},
		{200, `{"adult": true}` + strings.Repeat(" ", 4<<10), agepass.ErrAnswer, "more than 4096 bytes"},
		{204, ``, agepass.ErrAnswer, "must be 200"},
		{302, ``, agepass.ErrAnswer, "redirect"},
		{401, ``, agepass.ErrAnswer, "token"},
		{404, ``, agepass.ErrRefused, "404"},
		{410, ``, agepass.ErrRefused, "410"},
		{429, ``, agepass.ErrUnreachable, "429"},
		{503, ``, agepass.ErrUnreachable, "503"},
	} {
		asked := 0
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(test.status)
			io.WriteString(w, test.body)
		})
		c := checker(t, agepass.CheckerOptions{URL: url})
		verdict, err := c.Check(t.Context(), "state", "code")
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) || asked != 1 {
			t.Errorf("%d %s: %v, want %v with %q; asked %d times", test.status, test.body, err, test.want, test.says, asked)
		}
		want := agepass.CheckerStats{}
		switch {
		case errors.Is(test.want, agepass.ErrRefused):
			want.Refused = 1
		case test.want != nil:
			want.Failed = 1
		case verdict.Adult:
			want.Adult = 1
		default:
			want.Minor = 1
		}
		if got := c.Stats(); got != want || verdict.Adult != strings.HasPrefix(test.body, `{"adult": true}`) && err == nil {
			t.Errorf("%d %s: Stats = %+v, want %+v", test.status, test.body, got, want)
		}
	}
}

func TestCheckerGivesUp(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or the server does not see that nobody waits any longer
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := checker(t, agepass.CheckerOptions{URL: url, Timeout: 20 * time.Millisecond})
	if _, err := c.Check(t.Context(), "state", "code"); !errors.Is(err, agepass.ErrUnreachable) {
		t.Errorf("Check of one who is silent: %v", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	c = checker(t, agepass.CheckerOptions{URL: gone.URL})
	if _, err := c.Check(t.Context(), "state", "code"); !errors.Is(err, agepass.ErrUnreachable) {
		t.Errorf("Check of one who is not there: %v", err)
	}
}

func TestCheckerAsksNoMoreThanItMay(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
		io.WriteString(w, `{"adult": true}`)
	})
	c := checker(t, agepass.CheckerOptions{URL: url, Concurrency: 2, Timeout: time.Minute})
	done := make(chan error)
	for range 2 {
		go func() {
			_, err := c.Check(context.Background(), "state", "code")
			done <- err
		}()
		<-asked
	}
	if _, err := c.Check(t.Context(), "state", "code"); err != agepass.ErrBusy {
		t.Errorf("a third Check: %v, want ErrBusy", err)
	}
	close(release)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got, want := c.Stats(), (agepass.CheckerStats{Adult: 2, Busy: 1}); got != want {
		t.Errorf("Stats = %+v, want %+v", got, want)
	}
}

func TestNewCheckerNamesTheOption(t *testing.T) {
	for _, url := range []string{"", "age.example", "http://age.example/", "ftp://127.0.0.1/", "https://alice:x@age.example/", "https://age.example/#x", "http://[::1]:80/\n"} {
		if _, err := agepass.NewChecker(agepass.CheckerOptions{URL: url}); err == nil || !strings.HasPrefix(err.Error(), "url: ") {
			t.Errorf("NewChecker(%q): %v", url, err)
		}
	}
	for _, url := range []string{"https://age.example/check", "http://127.0.0.1:8000/", "http://[::1]/", "http://localhost:8000"} {
		if _, err := agepass.NewChecker(agepass.CheckerOptions{URL: url}); err != nil {
			t.Errorf("NewChecker(%q): %v", url, err)
		}
	}
	if _, err := agepass.NewChecker(agepass.CheckerOptions{URL: "https://age.example/", Concurrency: -1}); err == nil {
		t.Error("NewChecker takes a negative number")
	}
}
