package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestStream(t *testing.T) {
	s := NewServer(NewService(nil, nil), nil)
	for _, tt := range []struct {
		name   string
		text   string
		err    error
		status int
		whole  bool
	}{
		{"nothing", "", nil, 200, true},
		{"whole", "text", nil, 200, true},
		{"refused", "", invalid("no"), 400, true},
		{"failed on the way", "text", errors.New("disk"), 200, false},
	} {
		server := httptest.NewServer(s.stream("text/x-test", func(w io.Writer, _ *http.Request) error {
			if tt.text == "" {
				return tt.err
			}
			_, err := io.WriteString(w, tt.text)
			return errors.Join(err, tt.err)
		}))
		resp, err := http.Get(server.URL)
		if err == nil {
			var body []byte
			body, err = io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != tt.status || tt.status == 200 && (string(body) != tt.text || resp.Header.Get("Content-Type") != "text/x-test") {
				t.Errorf("%s: %d %s %q", tt.name, resp.StatusCode, resp.Header.Get("Content-Type"), body)
			}
		}
		if (err == nil) != tt.whole {
			t.Errorf("%s: %v, want whole %v", tt.name, err, tt.whole)
		}
		server.Close()
	}
}

// pipes is a listener whose connections are pipes.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// askPiped runs s with one client that has sent a request.
func askPiped(t *testing.T, s *Server, head string) (client net.Conn, stop func() error) {
	t.Helper()
	ln := pipes{make(chan net.Conn), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, ln) }()
	client, server := net.Pipe()
	ln.conns <- server
	if _, err := io.WriteString(client, head+"\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return client, func() error {
		cancel()
		return <-ran
	}
}

// A stream lasts for hours if it must, but not with somebody who does not read.
func TestStreamThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(NewService(nil, nil), nil)
		ended := make(chan error, 1)
		s.mux.HandleFunc("GET /test", s.stream("text/plain", func(w io.Writer, _ *http.Request) (err error) {
			for err == nil {
				_, err = io.WriteString(w, strings.Repeat("x", 4096))
			}
			ended <- err
			return err
		}))
		client, stop := askPiped(t, s, "GET /test HTTP/1.1")
		defer client.Close()
		buffer := make([]byte, 64<<10)
		for range 20 { // slow, and longer than any of the server's limits
			time.Sleep(stallTime / 3)
			if _, err := client.Read(buffer); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the stream ended with %v, want a deadline", err)
		}
		if took := time.Since(began); took > stallTime {
			t.Errorf("it ended after %v, want %v at most", took, stallTime)
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestRunWaitsForStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(NewService(nil, nil), nil)
		ended := false
		s.mux.HandleFunc("GET /test", s.stream("text/plain", func(w io.Writer, _ *http.Request) (err error) {
			for err == nil {
				_, err = io.WriteString(w, strings.Repeat("x", 4096))
			}
			time.Sleep(time.Second) // it tidies up
			ended = true
			return err
		}))
		client, stop := askPiped(t, s, "GET /test HTTP/1.1")
		defer client.Close()
		if _, err := client.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil || !ended {
			t.Errorf("Run returned %v before the stream had ended", err)
		}
	})
}

func TestUpload(t *testing.T) {
	s := NewServer(NewService(nil, nil), nil)
	server := httptest.NewServer(s.upload(10, func(r *http.Request) (any, error) {
		text, err := io.ReadAll(r.Body)
		return string(text), err
	}))
	defer server.Close()
	for body, want := range map[string]string{"0123456789": `"0123456789"`, "0123456789x": `"code":"internal"`} {
		resp, err := http.Post(server.URL, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %s, %v; want %s", body, got, err, want)
		}
	}
	i := imported{done: 7}
	if err := i.broken(&http.MaxBytesError{Limit: 10}); err == nil || asError(err).Code != CodeInvalid || !strings.Contains(err.Error(), "split it; up to line 7 it is in force") {
		t.Errorf("a list that is too large: %v", err)
	}
}

// An upload lasts for hours if it must, but not from somebody who says nothing.
func TestUploadOfSomebodySilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(NewService(nil, nil), nil)
		ended := make(chan error, 1)
		s.mux.HandleFunc("POST /test", s.upload(1<<20, func(r *http.Request) (any, error) {
			_, err := io.Copy(io.Discard, r.Body)
			ended <- err
			return nil, err
		}))
		client, stop := askPiped(t, s, "POST /test HTTP/1.1\r\nContent-Length: 1000")
		defer client.Close()
		for range 20 { // slow, and longer than any of the server's limits
			time.Sleep(stallTime - time.Second)
			if _, err := io.WriteString(client, "x"); err != nil {
				t.Fatal(err)
			}
		}
		go io.Copy(io.Discard, client) // the answer
		began := time.Now()
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the upload ended with %v, want a deadline", err)
		}
		if took := time.Since(began); took > stallTime {
			t.Errorf("it ended after %v, want %v at most", took, stallTime)
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
