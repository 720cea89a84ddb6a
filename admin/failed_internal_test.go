package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/request"
)

func TestRequestsAreNamed(t *testing.T) {
	var text bytes.Buffer
	s := NewServer(NewService(nil, nil), slog.New(request.NewLog(slog.NewTextHandler(&text, nil))))
	s.mux.HandleFunc("GET /broken", s.answer(func(*http.Request) (any, error) { return nil, errors.New("the disk is gone") }))
	s.mux.HandleFunc("GET /fine", s.answer(func(r *http.Request) (any, error) {
		s.log.InfoContext(r.Context(), "done")
		return struct{}{}, nil
	}))
	handler := named(s.mux)
	for _, test := range []struct {
		path, code, logged string
		quoted             bool // the detail is in the log, and the name in the error's text
	}{
		{"/broken", "internal", "level=ERROR", true},
		{"/v1/nothing/203.0.113.7", "not_found", "level=INFO", false},
		{"/v1/status?x=203.0.113.7", "invalid", "level=INFO", false},
		{"/fine", "", "msg=done", false},
	} {
		text.Reset()
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, test.path, nil)
		r.Header.Set(request.Header, "mine") // nobody's own name is taken
		handler.ServeHTTP(w, r)
		var failed Failed
		if err := json.Unmarshal(w.Body.Bytes(), &failed); err != nil || string(failed.Code) != test.code {
			t.Fatalf("%s: %s, %v", test.path, w.Body, err)
		}
		line := text.String()
		if test.code == "" {
			if !strings.Contains(line, "request_id=") {
				t.Errorf("%s: logged %s", test.path, line)
			}
			continue
		}
		if len(failed.Request) != 13 || w.Header().Get(request.Header) != failed.Request || !strings.Contains(line, "request_id="+failed.Request) || !strings.Contains(line, test.logged) {
			t.Errorf("%s: %+v, header %q, logged %s", test.path, failed, w.Header().Get(request.Header), line)
		}
		if strings.Contains(line, failed.Detail) != test.quoted || strings.Contains(failed.Error(), failed.Request) != test.quoted || strings.Contains(line, "203.0.113.7") {
			t.Errorf("%s: %s; logged %s", test.path, failed.Error(), line)
		}
		if e, is := errors.AsType[*Error](error(&failed)); !is || string(e.Code) != test.code {
			t.Errorf("%s: %v is no Error", test.path, failed)
		}
	}
	if got := s.Outcomes(); got["ok"] != 1 || got["internal"] != 1 || got["not_found"] != 1 || got["invalid"] != 1 {
		t.Errorf("counted %v", got)
	}
}

// Profiles are on the socket, and not on the TCP port.
func TestProfiles(t *testing.T) {
	s := NewServer(NewService(nil, nil), nil)
	ctx, stop := context.WithCancel(t.Context())
	var ran []chan error
	get := func(run func(context.Context, net.Listener) error, path string) int {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		end := make(chan error, 1)
		ran = append(ran, end)
		go func() { end <- run(ctx, ln) }()
		r, err := http.NewRequest(http.MethodGet, "http://"+ln.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+testToken)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	token := func(ctx context.Context, ln net.Listener) error { return s.RunToken(ctx, ln, []byte(testToken)) }
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap?debug=1", "/debug/pprof/cmdline", "/debug/pprof/symbol"} {
		if got := get(s.Run, path); got != http.StatusOK {
			t.Errorf("%s on the socket: %d", path, got)
		}
		if got := get(token, path); got != http.StatusNotFound {
			t.Errorf("%s on the TCP port: %d", path, got)
		}
	}
	stop()
	for _, end := range ran {
		if err := <-end; err != nil {
			t.Error(err)
		}
	}
}
