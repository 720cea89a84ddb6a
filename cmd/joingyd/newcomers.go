package main

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// newcomers are an http.Server's connections that have not asked for anything yet.
// http.Server.Shutdown answers no request that it reads after it was called, though it
// has accepted the connection: they are waited for before that. The zero value is ready.
type newcomers struct {
	mu    sync.Mutex // guards what follows
	conns map[net.Conn]struct{}
	none  chan struct{} // closed when there is none; nil: nobody waits
}

// state is http.Server.ConnState.
func (n *newcomers) state(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state == http.StateNew {
		if n.conns == nil {
			n.conns = make(map[net.Conn]struct{})
		}
		n.conns[conn] = struct{}{}
		return
	}
	delete(n.conns, conn)
	n.tellLocked()
}

func (n *newcomers) tellLocked() {
	if len(n.conns) == 0 && n.none != nil {
		close(n.none)
		n.none = nil
	}
}

// wait waits until each has asked for something, and closes those who have not for
// that long. No connection may be accepted any more, and it is called once.
func (n *newcomers) wait(most time.Duration) {
	none := make(chan struct{})
	n.mu.Lock()
	n.none = none
	n.tellLocked()
	n.mu.Unlock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-none:
		return
	case <-timer.C:
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for conn := range n.conns { // what browsers opened in case they need it
		conn.Close()
	}
}
