package main

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func newWire(take func([]byte)) *wire {
	w := &wire{take: take}
	w.more.L = &w.mu
	return w
}

// Whatever happens to a wire ends a Read that waits.
func TestWireRead(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*wire)
		want error
	}{
		"deliver":  {func(w *wire) { w.deliver([]byte("hi")) }, nil},
		"end":      {(*wire).end, io.EOF},
		"close":    {func(w *wire) { w.Close() }, net.ErrClosed},
		"deadline": {func(w *wire) { w.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, got := newWire(nil), make(chan error, 1)
				go func() {
					_, err := w.Read(make([]byte, 9))
					got <- err
				}()
				synctest.Wait()
				select {
				case err := <-got:
					t.Fatalf("Read = %v before anything happened", err)
				default:
				}
				test.do(w)
				if err := <-got; !errors.Is(err, test.want) {
					t.Errorf("Read = %v, want %v", err, test.want)
				}
			})
		})
	}
}

func TestWire(t *testing.T) {
	var taken []byte
	w := newWire(func(data []byte) { taken = append(taken, data...) })
	w.deliver([]byte("one"))
	w.deliver([]byte("two"))
	w.end()
	w.SetReadDeadline(time.Unix(1, 0))
	w.SetReadDeadline(time.Time{})
	if data, err := io.ReadAll(w); string(data) != "onetwo" || err != nil {
		t.Errorf("read %q, %v", data, err)
	}
	if n, err := w.Write([]byte("three")); n != 5 || err != nil || string(taken) != "three" {
		t.Errorf("Write = %d, %v; taken %q", n, err, taken)
	}
	w.Close()
	if _, err := w.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after Close = %v", err)
	}
}
