package admin

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const testToken = "0123456789abcdef0123456789abcdef"

// Each request comes on a connection of its own, all at the same time.
func TestTokenGate(t *testing.T) {
	tests := []struct {
		header string
		status int
		takes  time.Duration
		want   string
	}{
		{"Authorization: Bearer " + testToken, 200, 0, "by token"},
		{"authorization: bearer " + testToken, 200, 0, "by token"},
		{"X-Nothing: x", 401, guessPause, `"code":"unauthorized"`},
		{"Authorization: Bearer", 401, guessPause, "Bearer TOKEN"},
		{"Authorization: Bearer " + testToken[:31], 401, guessPause, "wrong"},
		{"Authorization: Bearer " + testToken + "0", 401, guessPause, "wrong"},
		{"Authorization: Bearer  " + testToken, 401, guessPause, "wrong"},
		{"Authorization: Basic " + testToken, 401, guessPause, "wrong"},
		{"Authorization: " + testToken, 401, guessPause, "wrong"},
		{"Authorization: Bearer " + testToken + "\r\nOrigin: https://example.org", 403, 0, `"code":"forbidden"`},
		{"Authorization: Bearer " + testToken + "\r\nOrigin: null", 403, 0, "web page"},
		{"Authorization: Bearer " + testToken + "\r\nOrigin:", 403, 0, "web page"},
	}
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(NewService(nil, nil), nil)
		s.mux.HandleFunc("GET /test", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "by "+peerOf(r.Context())) })
		ln := pipes{make(chan net.Conn), make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- s.RunToken(ctx, ln, []byte(testToken)) }()
		for _, tt := range tests {
			client, server := net.Pipe()
			ln.conns <- server
			began := time.Now()
			if _, err := io.WriteString(client, "GET /test HTTP/1.1\r\nHost: x\r\n"+tt.header+"\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(client), nil)
			if err != nil {
				t.Fatalf("%s: %v", tt.header, err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tt.status || !strings.Contains(string(body), tt.want) || strings.Contains(string(body), testToken[:31]) {
				t.Errorf("%s: %d %s, %v; want %d with %s", tt.header, resp.StatusCode, body, err, tt.status, tt.want)
			}
			if took := time.Since(began); took != tt.takes {
				t.Errorf("%s: took %v, want %v", tt.header, took, tt.takes)
			}
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s: the answer has %s", tt.header, name)
				}
			}
			client.Close()
		}
		stop()
		if err := <-ran; err != nil {
			t.Errorf("RunToken: %v", err)
		}
	})
}

func TestListenTCP(t *testing.T) {
	ln, err := ListenTCP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := ListenTCP(ln.Addr().String()); err == nil {
		t.Error("the port was opened twice")
	}
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0"} {
		if ln, err := ListenTCP(addr); err == nil || !strings.Contains(err.Error(), "ssh -L or a reverse proxy") {
			t.Errorf("ListenTCP(%s): %v, want a refusal", addr, err)
			if err == nil {
				ln.Close()
			}
		}
	}
}
