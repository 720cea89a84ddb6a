package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// centrifugoLoad is a load process's share of connections to Centrifugo, which
// has a protocol of its own: of it, only what a client must say to be held.
type centrifugoLoad struct {
	url    string
	number int // of the next visitor

	ctx    context.Context // of the receivers; its cause is what went wrong first
	cancel context.CancelCauseFunc
	done   sync.WaitGroup
}

func newCentrifugoLoad(url string, first int) *centrifugoLoad {
	l := &centrifugoLoad{url: url, number: first}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// close cuts every connection.
func (l *centrifugoLoad) close() {
	l.cancel(errClosed)
	l.done.Wait()
}

func (l *centrifugoLoad) answer(ctx context.Context, q question) (a answer, err error) {
	if q.Ask != "join" {
		return a, errors.New("no such question")
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	began, took := time.Now(), make([]time.Duration, q.N)
	err = each(q.N, func(i int) error {
		began := time.Now()
		defer func() { took[i] = time.Since(began) }()
		return l.join(ctx, visitorAddr(l.number+i))
	})
	l.number += q.N
	return answer{Took: time.Since(began), Samples: map[string][]time.Duration{"join": took}}, errors.Join(context.Cause(l.ctx), err)
}

// join connects, as anybody, and answers pings from then on.
func (l *centrifugoLoad) join(ctx context.Context, addr netip.Addr) error {
	dialer := &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))}
	conn, _, err := websocket.Dial(ctx, l.url+"/connection/websocket", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}},
	})
	if err != nil {
		return err
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"id":1,"connect":{}}`)); err != nil {
		conn.CloseNow()
		return err
	}
	_, reply, err := conn.Read(ctx)
	if err != nil || !bytes.Contains(reply, []byte(`"connect":{`)) {
		conn.CloseNow()
		return errors.Join(err, fmt.Errorf("connect answered with %q", reply))
	}
	l.done.Go(func() {
		defer conn.CloseNow()
		l.cancel(fmt.Errorf("a connection: %w", pong(l.ctx, conn)))
	})
	return nil
}

// pong answers every ping, both of which are an empty object. It returns why no
// more can be.
func pong(ctx context.Context, conn *websocket.Conn) error {
	for {
		_, data, err := conn.Read(ctx)
		if err == nil && string(bytes.TrimSpace(data)) == "{}" {
			err = conn.Write(ctx, websocket.MessageText, []byte("{}"))
		}
		if err != nil {
			return err
		}
	}
}
