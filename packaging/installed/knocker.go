package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// knocker asks for something by a new connection again and again: https, and TURN over
// TCP, which holds a listener of its own.
type knocker struct {
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows
	asked   int
	failed  []error
	slowest time.Duration
}

const (
	knockPause    = 10 * time.Millisecond
	knockPatience = 30 * time.Second
)

func keepKnocking(trusted *tls.Config) *knocker {
	ctx, cancel := context.WithCancel(context.Background())
	k := &knocker{cancel: cancel}
	web := httpClient(addrB, trusted)
	for _, knock := range []func(context.Context) error{
		func(ctx context.Context) error { _, err := fetch(ctx, web, "https://"+domain+"/healthz"); return err },
		func(ctx context.Context) error { return bind(ctx, net.JoinHostPort(machineAddr, "3478")) },
	} {
		k.running.Go(func() {
			for ctx.Err() == nil {
				k.once(ctx, knock)
			}
		})
	}
	return k
}

func (k *knocker) once(ctx context.Context, knock func(context.Context) error) {
	time.Sleep(knockPause)
	patient, cancel := context.WithTimeout(context.Background(), knockPatience)
	defer cancel()
	began := time.Now()
	err := knock(patient)
	if ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked, k.slowest = k.asked+1, max(k.slowest, time.Since(began))
	if err != nil {
		k.failed = append(k.failed, err)
	}
}

func (k *knocker) end() {
	k.cancel()
	k.running.Wait()
}

// bind asks a relay over TCP for the own address (RFC 8489).
func bind(ctx context.Context, addr string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42joingyd-test")); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 100))
	return err
}

// httpClient makes a new connection from the address for each request.
func httpClient(from netip.Addr, trusted *tls.Config) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: trusted, DisableKeepAlives: true},
		Timeout:   knockPatience,
	}
}

// refused has an error if somebody answers at one of the ports.
func refused(ctx context.Context, ports ...string) error {
	for _, port := range ports {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(machineAddr, port))
		if err == nil {
			conn.Close()
			return fmt.Errorf("others reach port %s", port)
		}
	}
	return nil
}
