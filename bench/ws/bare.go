package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/client"
)

// bare is the server that joingyd is compared with: what its WebSocket library
// costs alone.
type bare struct {
	listener net.Listener
	server   *http.Server
	served   chan error // once, when Serve returns
}

func newBare() (*bare, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &bare{
		listener: listener,
		server:   &http.Server{Handler: http.HandlerFunc(serveBare), ReadHeaderTimeout: 10 * time.Second},
		served:   make(chan error, 1),
	}
	go func() { b.served <- b.server.Serve(listener) }()
	return b, nil
}

// serveBare answers the first message with a welcome and echoes the others.
func serveBare(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{client.Subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	reply := []byte(`{"type":"welcome","seq":1,"session":"bare"}`)
	for {
		kind, data, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		if reply != nil {
			data, reply = reply, nil
		}
		if conn.Write(context.Background(), kind, data) != nil {
			return
		}
	}
}

func (b *bare) addr() string { return b.listener.Addr().String() }

func (b *bare) answer(_ context.Context, q question) (answer, error) {
	if q.Ask != "memory" {
		return answer{}, errors.New("no such question")
	}
	m := new(memory)
	m.readRuntime()
	return answer{Memory: m}, nil
}

// close closes the listener; connections end with their clients, or the process.
func (b *bare) close() {
	b.server.Close()
	<-b.served
}
