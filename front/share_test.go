package front_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/front"
)

// share runs a site with a WebSocket echo, and a relay that sends back what it
// gets, at one port of this machine.
func share(t *testing.T, opts front.Options) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, end := start(t, listener, opts)

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s tls=%t", r.Proto, r.RemoteAddr, r.TLS != nil && r.TLS.HandshakeComplete)
	})
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil) // hijacks the connection
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer conn.CloseNow()
		kind, message, err := conn.Read(r.Context())
		if err == nil {
			err = conn.Write(r.Context(), kind, message)
		}
		if err != nil {
			t.Errorf("echo: %v", err)
		}
		conn.Close(websocket.StatusNormalClosure, "")
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "big", time.Time{}, bytes.NewReader(make([]byte, 1<<20)))
	})
	server := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.HTTP()) }()

	relayed := make(chan struct{})
	go func() {
		defer close(relayed)
		for {
			conn, err := s.TURN().Accept()
			if err != nil {
				return
			}
			if _, ok := conn.RemoteAddr().(*net.TCPAddr); !ok {
				t.Errorf("the relay sees a %T", conn.RemoteAddr())
			}
			io.Copy(conn, conn) //nolint:errcheck // until the client ends it
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		server.Close()
		end()
		<-relayed
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("serve: %v", err)
		}
	})
	return listener.Addr().String()
}

func TestOnePortServesAll(t *testing.T) {
	for _, encrypted := range []bool{true, false} {
		for _, offered := range [][]string{nil, {"http/1.1"}, {"h2", "http/1.1"}} {
			if !encrypted && offered != nil {
				continue
			}
			t.Run(fmt.Sprintf("tls=%t,alpn=%v", encrypted, offered), func(t *testing.T) {
				scheme, opts := "http", front.Options{}
				if encrypted {
					scheme, opts = "https", front.Options{TLS: serverTLS()}
				}
				addr := share(t, opts)
				version := "HTTP/1.1"
				transport := &http.Transport{TLSClientConfig: clientTLS(offered...)}
				if slices.Contains(offered, "h2") {
					version, transport.ForceAttemptHTTP2 = "HTTP/2.0", true
				}
				defer transport.CloseIdleConnections()
				client := &http.Client{Transport: transport}

				page := fetch(t, client, scheme+"://"+addr+"/")
				if want := fmt.Sprintf("tls=%t", encrypted); !strings.HasPrefix(page, version+" 127.0.0.1:") || !strings.HasSuffix(page, want) {
					t.Errorf("page = %q, want %s and %q", page, version, want)
				}
				if big := fetch(t, client, scheme+"://"+addr+"/big"); len(big) != 1<<20 {
					t.Errorf("a big page of %d bytes", len(big))
				}
				echo(t, client, strings.Replace(scheme, "http", "ws", 1)+"://"+addr+"/ws")
			})
		}
		t.Run(fmt.Sprintf("tls=%t,STUN", encrypted), func(t *testing.T) {
			opts := front.Options{}
			if encrypted {
				opts.TLS = serverTLS()
			}
			addr := share(t, opts)
			for _, offered := range [][]string{nil, {"stun.turn"}} {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				if encrypted {
					conn = tls.Client(conn, clientTLS(offered...))
				}
				mustWrite(t, conn, binding)
				answer := make([]byte, len(binding))
				if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != binding {
					t.Errorf("alpn=%v: the relay got %q, %v", offered, answer, err)
				}
				conn.Close()
			}
		})
	}
}

func TestBrowserWithoutTLSIsTold(t *testing.T) {
	addr := share(t, front.Options{TLS: serverTLS()})
	response, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "https://") {
		t.Errorf("%s: %q, %v", response.Status, body, err)
	}
}

func fetch(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func echo(t *testing.T, client *http.Client, url string) {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.Read(t.Context()); err != nil || string(message) != "hello" {
		t.Errorf("echo = %q, %v", message, err)
	}
}
