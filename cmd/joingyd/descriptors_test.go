//go:build linux

package main

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

// Trial P1: the process runs out of descriptors, then has some again, and every
// listener accepts what came meanwhile.
func TestP1DescriptorsRunOut(t *testing.T) {
	d := startDaemon(t, nil)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = 256
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) })

	var held []*os.File
	free := func() {
		for _, f := range held {
			f.Close()
		}
		held = nil
	}
	t.Cleanup(free)
	exhaust := func() {
		for {
			f, err := os.Open(os.DevNull)
			if errors.Is(err, syscall.EMFILE) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, f)
		}
	}
	exhaust()
	tcp := addrOf(t, d, "tcp")
	asked := make(map[string]net.Conn)
	for name, at := range map[string][2]string{
		"site":    {"tcp", d.httpListener.Addr().String()},
		"metrics": {"tcp", d.metricsListener.Addr().String()},
		"admin":   {"unix", d.adminPath},
		"turn":    {"tcp", tcp},
	} {
		// Room for the client's end. A listener that tries again may be quicker and
		// take it, for a connection that came before.
		var conn net.Conn
		err := error(syscall.EMFILE)
		for errors.Is(err, syscall.EMFILE) && len(held) > 0 {
			held[0].Close()
			held = held[1:]
			conn, err = net.Dial(at[0], at[1])
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer conn.Close()
		asked[name] = conn
	}
	exhaust()
	free()
	start := time.Now()
	for name, path := range map[string]string{"site": "/healthz", "metrics": "/metrics", "admin": "/v1/status"} {
		conn := asked[name]
		conn.SetDeadline(time.Now().Add(patienceOfTests))
		if _, err := conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %v, %v", name, response, err)
		}
	}
	binding := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...)
	asked["turn"].SetDeadline(time.Now().Add(patienceOfTests))
	if _, err := asked["turn"].Write(binding); err != nil {
		t.Fatal(err)
	}
	if n, err := asked["turn"].Read(make([]byte, 100)); err != nil || n == 0 {
		t.Errorf("turn over tcp: %v", err)
	}
	t.Logf("figure: every listener answers %d ms after descriptors are there again", time.Since(start).Milliseconds())
}
