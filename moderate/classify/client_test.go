package classify_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/classify"
)

func TestNewRefuses(t *testing.T) {
	const ok = "http://127.0.0.1:8642"
	tests := []struct {
		opts classify.Options
		want string
	}{
		{classify.Options{}, "URL"},
		{classify.Options{URL: "127.0.0.1:8642"}, "URL makes no sense; write http"},
		{classify.Options{URL: "ftp://host"}, `URL: "ftp://host" is no address`},
		{classify.Options{URL: "http://:80"}, "URL"},
		{classify.Options{URL: "http://host/?a=b"}, "URL"},
		{classify.Options{URL: "https://me:secret@host"}, "use Token"},
		{classify.Options{URL: "unix://path.sock"}, "unix:///PATH"},
		{classify.Options{URL: "unix:///"}, "URL"},
		{classify.Options{URL: ok, Timeout: -1}, "Timeout"},
		{classify.Options{URL: ok, Concurrency: -1}, "Concurrency"},
		{classify.Options{URL: ok, Breaker: classify.Breaker{Rest: -1}}, "Breaker"},
		{classify.Options{URL: ok, Token: "Bearer x"}, "Token has a space"},
	}
	for _, tt := range tests {
		_, err := classify.New(tt.opts)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%+v): %v, want %q", tt.opts, err, tt.want)
		}
	}
}

func TestTokenIsNotLogged(t *testing.T) {
	var text strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("test", "token", classify.Token("secret"))
	if !strings.Contains(text.String(), "REDACTED") || strings.Contains(text.String(), "secret") {
		t.Errorf("logged %s", text.String())
	}
}

// What is sent, over a socket and with a path before /v1.
func TestRequest(t *testing.T) {
	type request struct{ line, contentType, authorization, body string }
	var got request
	handler := func(w http.ResponseWriter, r *http.Request) {
		image := make([]byte, 16)
		n, _ := r.Body.Read(image)
		got = request{
			fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.ContentLength),
			r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(image[:n]),
		}
		says(200, answer)(w, r)
	}
	path := filepath.Join(t.TempDir(), "c.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(handler)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	defer func() { server.Close(); <-served }()
	socket, err := classify.New(classify.Options{URL: "unix://" + path, Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	verdict, err := socket.Classify(t.Context(), []byte("image"))
	if want := (classify.Verdict{Model: "test@1", Labels: map[string]float64{"porn": 0.75, "neutral": 0.25}}); err != nil || !reflect.DeepEqual(verdict, want) {
		t.Errorf("Classify: %v, %v; want %v", verdict, err, want)
	}
	if want := (request{"POST /v1/classify 5", "image/jpeg", "Bearer secret", "image"}); got != want {
		t.Errorf("over a socket: %q, want %q", got, want)
	}

	slow := func(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Second); handler(w, r) }
	run(t, classify.Options{URL: "http://classifier.test/nsfw/"}, slow, func(t *testing.T, c *classify.Client) {
		if _, err := c.Classify(t.Context(), []byte("image")); err != nil {
			t.Error(err)
		}
		if want := (request{"POST /nsfw/v1/classify 5", "image/jpeg", "", "image"}); got != want {
			t.Errorf("with a path: %q, want %q", got, want)
		}
		checkStats(t, c, classify.Stats{Asked: 1, Answered: 1, Took: time.Second})
	})
}

func TestModel(t *testing.T) {
	tests := []struct {
		text string
		want string // of the error
	}{
		{`{"model":"test@1","labels":["porn","minor"],"ages":true,"more":1}`, ""},
		{`{"model":"","labels":["porn"]}`, "model"},
		{`{"model":"m","labels":[]}`, "0 labels"},
		{`{"model":"m","labels":["Porn"]}`, `label "Porn"`},
		{`{"model":"m","labels":["porn","porn"]}`, "twice"},
		{`{"model":"m","labels":["porn"],"ages":"no"}`, "ages"},
		{`[]`, "array"},
	}
	for _, tt := range tests {
		run(t, classify.Options{}, says(200, tt.text), func(t *testing.T, c *classify.Client) {
			got, err := c.Model(t.Context())
			want := classify.Description{Model: "test@1", Labels: []string{"porn", "minor"}, Ages: true}
			switch {
			case tt.want == "" && (err != nil || !reflect.DeepEqual(got, want)):
				t.Errorf("Model: %+v, %v", got, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
			}
			checkStats(t, c, classify.Stats{})
		})
	}
}
