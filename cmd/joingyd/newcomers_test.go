package main

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// Who asks in time is waited for, and who does not is closed.
func TestNewcomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n newcomers
		began := time.Now()
		n.wait(time.Second)
		if waited := time.Since(began); waited > 0 {
			t.Errorf("waited %v for nobody", waited)
		}
		asks, _ := net.Pipe()
		silent, other := net.Pipe()
		n.state(asks, http.StateNew)
		n.state(silent, http.StateNew)
		waited := make(chan struct{})
		go func() {
			n.wait(time.Second)
			close(waited)
		}()
		synctest.Wait()
		n.state(asks, http.StateActive)
		n.state(asks, http.StateIdle)
		<-waited
		if _, err := other.Write([]byte("x")); err == nil {
			t.Error("the silent one is open")
		}
		if asks.SetDeadline(time.Now()) != nil {
			t.Error("the one that asked is closed")
		}
	})
}
