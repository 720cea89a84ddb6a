package front_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/front"
)

func TestAcceptErrorsDoNotEndTheListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newMemory()
		s, end := start(t, listener, front.Options{})
		defer end()
		const failures = 20
		began := time.Now()
		for range failures {
			listener.errs <- &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
		}
		client := listener.dial("127.0.0.1:1")
		defer client.Close()
		mustWrite(t, client, get[:1])
		conn, err := s.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if got := s.Stats().AcceptErrors; got != failures {
			t.Errorf("%d accept errors counted, want %d", got, failures)
		}
		if took := time.Since(began); took < time.Second || took > failures*250*time.Millisecond {
			t.Errorf("%d failing accepts took %v: neither a busy loop nor a long pause is right", failures, took)
		}
	})
}

func TestCloseDoesNotWaitForThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newMemory()
		_, end := start(t, listener, front.Options{})
		listener.errs <- syscall.EMFILE
		synctest.Wait()
		began := time.Now()
		end()
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v", took)
		}
	})
}

// Trial P1: descriptors run out for real, and are freed; the port accepts again,
// and a connection made before goes on.
func TestP1DescriptorsExhaustedThenFreed(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	lowered := limit
	lowered.Cur = 256
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lowered); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) }) //nolint:errcheck // it was so before

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, end := start(t, listener, front.Options{})
	defer end()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	serve := func(client net.Conn) net.Conn {
		mustWrite(t, client, get)
		conn, err := s.HTTP().Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	early := dial()
	earlyServed := serve(early)

	fillers := exhaust(t)
	fillers[0].Close() // for the client's end: the server's is one too many
	late := dial()
	waitFor(t, func() bool { return s.Stats().AcceptErrors >= 3 })
	mustWrite(t, earlyServed, "still here")
	text := make([]byte, 10)
	if _, err := io.ReadFull(early, text); err != nil || string(text) != "still here" {
		t.Errorf("the early connection got %q, %v", text, err)
	}
	failures := s.Stats().AcceptErrors
	freed := time.Now()
	for _, filler := range fillers[1:] {
		filler.Close()
	}
	serve(late)
	serve(dial())
	t.Logf("figure: front: accept failed %d times without descriptors; 2 connections served %v after they were freed",
		failures, time.Since(freed).Round(time.Millisecond))
}

// exhaust opens files until the process may open no more.
func exhaust(t *testing.T) (files []*os.File) {
	t.Helper()
	for {
		file, err := os.Open(os.DevNull)
		if err != nil {
			if !errors.Is(err, syscall.EMFILE) || len(files) == 0 {
				t.Fatal(err)
			}
			return files
		}
		t.Cleanup(func() { file.Close() })
		files = append(files, file)
	}
}

// waitFor polls, for what the kernel does sends no event.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come")
		}
	}
}
