package front_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/front"
)

const (
	get     = "GET / HTTP/1.1\r\n\r\n"
	binding = "\x00\x01\x00\x00\x21\x12\xa4\x42transaction."
)

// arrived is what a service got.
type arrived struct {
	service string
	text    string
	remote  string
}

// read accepts for one service and tells what each connection sent until it
// ended.
func read(name string, listener net.Listener, got chan<- arrived) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			text, _ := io.ReadAll(conn) // a client that just closes is no fault
			got <- arrived{name, string(text), conn.RemoteAddr().String()}
		}()
	}
}

func TestServiceByFirstBytes(t *testing.T) {
	tests := []struct {
		name    string
		tls     bool
		offered []string // by ALPN
		send    string
		want    string // the service, or a reason
	}{
		{name: "plain HTTP", send: get, want: "http"},
		{name: "plain method in small letters", send: "get /", want: "http"},
		{name: "plain one letter", send: "O", want: "http"},
		{name: "plain STUN", send: binding, want: "turn"},
		{name: "plain highest STUN type", send: "\x03\xff", want: "turn"},
		{name: "plain beyond STUN", send: "\x04\x01", want: "unknown"},
		{name: "plain ChannelData", send: "\x40\x00\x00\x04abcd", want: "unknown"},
		{name: "plain TLS", send: "\x16\x03\x01", want: "unknown"},
		{name: "plain high byte", send: "\x80", want: "unknown"},
		{name: "plain nothing", want: "gone"},
		{name: "TLS HTTP by ALPN", tls: true, offered: []string{"h2", "http/1.1"}, send: get, want: "http"},
		{name: "TLS TURN by ALPN", tls: true, offered: []string{"stun.turn"}, send: binding, want: "turn"},
		{name: "TLS STUN by ALPN", tls: true, offered: []string{"stun.nat-discovery"}, send: binding, want: "turn"},
		{name: "TLS HTTP by first byte", tls: true, send: get, want: "http"},
		{name: "TLS TURN by first byte", tls: true, send: binding, want: "turn"},
		{name: "TLS neither", tls: true, send: "\xffSMB", want: "unknown"},
		{name: "TLS nothing", tls: true, want: "gone"},
		{name: "TLS challenge", tls: true, offered: []string{"acme-tls/1"}, want: "challenge"},
		{name: "TLS HTTP/2 alone", tls: true, offered: []string{"h2"}, send: get, want: "http"},
		{name: "TLS HTTP/3", tls: true, offered: []string{"h3"}, want: "handshake"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := newMemory()
				var opts front.Options
				if test.tls {
					opts.TLS = serverTLS("acme-tls/1")
				}
				s, end := start(t, listener, opts)
				got := make(chan arrived, 1)
				go read("http", s.HTTP(), got)
				go read("turn", s.TURN(), got)

				client := listener.dial("203.0.113.7:1234")
				if test.tls {
					client = tls.Client(client, clientTLS(test.offered...))
				}
				client.Write([]byte(test.send)) //nolint:errcheck // the end is told below
				client.Close()
				synctest.Wait()
				end()

				closed := s.Stats().Closed
				maps.DeleteFunc(closed, func(_ front.Reason, n uint64) bool { return n == 0 })
				for reason := range closed {
					if len(closed) != 1 || reason.String() != test.want || len(got) != 0 {
						t.Errorf("closed for %v and served %d; want %s", closed, len(got), test.want)
					}
					return
				}
				want := arrived{test.want, test.send, "203.0.113.7:1234"}
				if a := <-got; a != want {
					t.Errorf("got %+v, want %+v", a, want)
				}
			})
		})
	}
}

func TestSlowClientsAreClosedInTime(t *testing.T) {
	tests := []struct {
		name string
		tls  bool
		open func(*testing.T, net.Conn) // what it does before it falls silent
	}{
		{"plain, silent", false, func(*testing.T, net.Conn) {}},
		{"TLS, silent", true, func(*testing.T, net.Conn) {}},
		{"TLS, half a hello", true, func(t *testing.T, c net.Conn) { mustWrite(t, c, "\x16\x03\x01\x02\x00\x01") }},
		{"TLS, a byte every 5 s", true, func(t *testing.T, c net.Conn) {
			mustWrite(t, c, "\x16")
			time.Sleep(5 * time.Second)
			mustWrite(t, c, "\x03")
		}},
		{"TLS, no request", true, func(t *testing.T, c net.Conn) {
			if err := tls.Client(c, clientTLS()).Handshake(); err != nil {
				t.Error(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := newMemory()
				var opts front.Options
				if test.tls {
					opts.TLS = serverTLS()
				}
				s, end := start(t, listener, opts)
				defer end()
				began := time.Now()
				client := listener.dial("203.0.113.7:1234")
				defer client.Close()
				test.open(t, client)
				io.Copy(io.Discard, client) //nolint:errcheck // any end is an end
				synctest.Wait()
				if took := time.Since(began); took != 10*time.Second {
					t.Errorf("closed after %v", took)
				}
				if stats := s.Stats(); stats.Closed[front.Timeout] != 1 || stats.Pending != 0 {
					t.Errorf("stats = %+v", stats)
				}
			})
		})
	}
}

func TestFloodLeavesTheEstablishedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newMemory()
		s, end := start(t, listener, front.Options{MaxPending: 4, MaxPendingPerAddr: 2})
		defer end()
		established := listener.dial("203.0.113.7:1")
		go mustWrite(t, established, "G")
		served, err := s.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}

		var silent []net.Conn
		flood := func(addrs ...string) {
			for _, addr := range addrs {
				silent = append(silent, listener.dial(addr))
			}
		}
		check := func(pending int, full, fullAddr uint64) {
			t.Helper()
			synctest.Wait()
			if stats := s.Stats(); stats.Pending != pending || stats.Closed[front.Full] != full || stats.Closed[front.FullAddr] != fullAddr {
				t.Errorf("stats = %+v; want %d pending, %d full, %d full for an address", stats, pending, full, fullAddr)
			}
		}
		flood("[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8:0:0:ffff::3]:1") // one /64
		check(2, 0, 1)
		flood("127.0.0.1:1", "127.0.0.1:2")
		check(4, 0, 1)
		flood("127.0.0.1:3", "198.51.100.1:1", "198.51.100.2:1")
		check(4, 3, 1)

		go served.Write([]byte("answer")) //nolint:errcheck // read below
		answer := make([]byte, 6)
		if _, err := io.ReadFull(established, answer); err != nil || string(answer) != "answer" {
			t.Errorf("the established connection got %q, %v", answer, err)
		}
		time.Sleep(10 * time.Second)
		check(0, 3, 1)
		served.SetReadDeadline(time.Now().Add(time.Hour)) //nolint:errcheck // of a pipe
		go mustWrite(t, established, "ET")
		text := make([]byte, 3)
		if _, err := io.ReadFull(served, text); err != nil || string(text) != "GET" {
			t.Errorf("the established connection's service got %q, %v", text, err)
		}
		for _, conn := range append(silent, served, established) {
			conn.Close()
		}
	})
}

func TestServiceThatDoesNotAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newMemory()
		s, end := start(t, listener, front.Options{MaxPending: 2})
		defer end()
		var clients []net.Conn
		for range 3 {
			client := listener.dial("127.0.0.1:1")
			defer client.Close()
			mustWrite(t, client, "G")
			clients = append(clients, client)
			synctest.Wait()
		}
		if stats := s.Stats(); stats.Closed[front.Unserved] != 1 || stats.Pending != 0 {
			t.Errorf("beyond the queue: stats = %+v", stats)
		}
		stun := listener.dial("127.0.0.1:1")
		defer stun.Close()
		mustWrite(t, stun, binding[:1])
		if conn, err := s.TURN().Accept(); err != nil {
			t.Errorf("the other service: %v", err)
		} else {
			conn.Close()
		}
		io.ReadAll(clients[0]) //nolint:errcheck // it ends
		synctest.Wait()
		if stats := s.Stats(); stats.Closed[front.Unserved] != 3 {
			t.Errorf("after the wait: stats = %+v", stats)
		}

		s.HTTP().Close()
		if _, err := s.HTTP().Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept after Close: %v", err)
		}
		late := listener.dial("127.0.0.1:1")
		defer late.Close()
		mustWrite(t, late, "G")
		synctest.Wait()
		if stats := s.Stats(); stats.Closed[front.Unserved] != 4 || stats.TURN != 1 {
			t.Errorf("after Close: stats = %+v", stats)
		}
	})
}

// The bubble of synctest fails a test that leaves a goroutine behind.
func TestCloseEndsEveryGoroutine(t *testing.T) {
	for _, ending := range []string{"Close", "context", "never run"} {
		t.Run(ending, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := newMemory()
				s := front.New(listener, front.Options{TLS: serverTLS()})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if ending == "never run" {
					s.Close()
				}
				ended := make(chan error, 1)
				go func() { ended <- s.Run(ctx) }()
				if ending != "never run" {
					silent := listener.dial("127.0.0.1:1")
					defer silent.Close()
					queued := listener.dial("127.0.0.1:2")
					defer queued.Close()
					encrypted := tls.Client(queued, clientTLS("http/1.1"))
					if err := encrypted.Handshake(); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				if ending == "context" {
					cancel()
				} else {
					s.Close()
				}
				if err := <-ended; err != nil {
					t.Errorf("Run: %v", err)
				}
				if _, err := s.TURN().Accept(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Accept after the end: %v", err)
				}
			})
		})
	}
}

// Whoever was accepted before the end is still served, and the silent do not hold it up.
func TestLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newMemory()
		s := front.New(listener, front.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		late, silent := listener.dial("127.0.0.1:1"), listener.dial("127.0.0.1:2")
		defer late.Close()
		defer silent.Close()
		synctest.Wait()
		cancel()
		synctest.Wait()
		select {
		case <-listener.done:
		default:
			t.Error("the port is still open")
		}
		mustWrite(t, late, get[:1])
		conn, err := s.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if stats := s.Stats(); stats.HTTP != 1 || stats.Closed[front.Gone] != 1 {
			t.Errorf("stats = %+v", stats)
		}
	})
}

func TestListenerClosedByOthers(t *testing.T) {
	listener := newMemory()
	s := front.New(listener, front.Options{})
	listener.Close()
	if err := s.Run(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run: %v", err)
	}
}

func TestStatsNameEveryReason(t *testing.T) {
	s := front.New(newMemory(), front.Options{})
	defer s.Close()
	var names []string
	for reason, n := range s.Stats().Closed {
		if n != 0 {
			t.Errorf("%v = %d", reason, n)
		}
		names = append(names, reason.String())
	}
	slices.Sort(names)
	const want = "challenge full full_address gone handshake timeout unknown unserved"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("reasons = %s, want %s", got, want)
	}
}

func mustWrite(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Errorf("write: %v", err)
	}
}
