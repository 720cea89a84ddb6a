package request_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/request"
)

func TestNameIsInLogAndInErrors(t *testing.T) {
	own := regexp.MustCompile(`^[a-z2-7]{13}$`)
	for _, test := range []struct {
		name    string
		given   string
		proxied bool
		status  int
		want    string // "": a name of our own
		shown   bool
	}{
		{"found", "", false, 200, "", false},
		{"nothing said", "", false, 0, "", false},
		{"refused", "", false, 404, "", true},
		{"failed", "", false, 500, "", true},
		{"a visitor's own name", "mine", false, 500, "", true},
		{"a proxy's name", "8f-3_a.B", true, 503, "8f-3_a.B", true},
		{"a proxy without one", "", true, 503, "", true},
		{"a line end", "a\nb", true, 503, "", true},
		{"quotes", `a"b`, true, 503, "", true},
		{"too long", strings.Repeat("a", 65), true, 503, "", true},
	} {
		var text bytes.Buffer
		log := slog.New(request.NewLog(slog.NewTextHandler(&text, nil)))
		h := &request.Handler{
			Proxied: func(*http.Request) bool { return test.proxied },
			Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				log.With("a", 1).InfoContext(r.Context(), "one")
				log.InfoContext(r.Context(), "two")
				if test.status != 0 {
					w.WriteHeader(test.status)
				}
				_, _ = w.Write([]byte("text"))
			}),
		}
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set(request.Header, test.given)
		h.ServeHTTP(w, r)
		name := w.Header().Get(request.Header)
		if (name != "") != test.shown {
			t.Errorf("%s: X-Request-Id: %q", test.name, name)
		}
		if test.shown && name != test.want && (test.want != "" || !own.MatchString(name)) {
			t.Errorf("%s: named %q", test.name, name)
		}
		found := regexp.MustCompile(`request_id=(\S+)`).FindAllStringSubmatch(text.String(), -1)
		if len(found) != 2 || found[0][1] != found[1][1] || test.shown && found[0][1] != name {
			t.Errorf("%s: %q is logged: %s", test.name, name, text.String())
		}
	}
}

func TestLineOfNoRequest(t *testing.T) {
	var text bytes.Buffer
	slog.New(request.NewLog(slog.NewTextHandler(&text, nil))).Info("start")
	if request.ID(context.Background()) != "" || strings.Contains(text.String(), "request_id") {
		t.Errorf("logged: %s", &text)
	}
}

func TestCounts(t *testing.T) {
	var counts request.Counts
	status := 0
	h := &request.Handler{Counts: &counts, Next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status != 0 {
			w.WriteHeader(status)
		}
	})}
	for _, ask := range []struct {
		path   string
		status int
	}{{"/", 200}, {"/", 0}, {"/rules", 404}, {"/static/x.js", 304}, {"/api/online", 500}, {"/ws", 0}, {"/ws", 429}, {"/healthz", 200}, {"/readyz", 503}} {
		status = ask.status
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", ask.path, nil))
	}
	answers, seconds := counts.Answered()
	for _, want := range []struct {
		route, class string
		n            uint64
	}{
		{"page", "2xx", 2}, {"page", "4xx", 1}, {"static", "3xx", 1}, {"api", "5xx", 1}, {"socket", "1xx", 1}, {"socket", "4xx", 1}, {"health", "2xx", 1}, {"health", "5xx", 1}, {"page", "5xx", 0},
	} {
		if got := answers[want.route][want.class]; got != want.n {
			t.Errorf("%s %s: %d, want %d", want.route, want.class, got, want.n)
		}
	}
	if len(answers) != len(request.Routes()) || len(seconds) != len(request.Routes()) {
		t.Errorf("%v, %v: want the routes %v", answers, seconds, request.Routes())
	}
}
