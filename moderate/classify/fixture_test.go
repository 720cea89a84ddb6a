package classify_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/joingyd/joingyd/moderate/classify"
)

const answer = `{"model":"test@1","labels":{"porn":0.75,"neutral":0.25}}`

// pipes is a listener of in-memory connections, fit for a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run runs test in a bubble with fake time, with a client of an HTTP server that
// answers so. The bubble fails if a goroutine is left over.
func run(t *testing.T, opts classify.Options, handler http.HandlerFunc, test func(t *testing.T, c *classify.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ln := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		server := &http.Server{Handler: handler}
		served := make(chan error, 1)
		go func() { served <- server.Serve(ln) }()
		defer func() {
			server.Close()
			<-served
		}()
		if opts.URL == "" {
			opts.URL = "http://classifier.test"
		}
		opts.Transport = &http.Transport{DialContext: ln.dial}
		c, err := classify.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		test(t, c)
	})
}

// says answers with JSON and a status.
func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func checkStats(t *testing.T, c *classify.Client, want classify.Stats) {
	t.Helper()
	got := c.Stats()
	if got.Took < 0 || got.Took > 0 && got.Answered == 0 {
		t.Errorf("%d answers took %v", got.Answered, got.Took)
	}
	if want.Took == 0 {
		got.Took = 0 // as long as it takes
	}
	if got != want {
		t.Errorf("Stats:\n got %+v\nwant %+v", got, want)
	}
}
