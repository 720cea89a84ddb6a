package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/netutil"
)

// What is wrong with a token is told after guessPause, and at most maxConns ask at
// once: that is how many guesses there are a second.
const (
	guessPause = time.Second
	maxConns   = 64
)

// tokenPeer is who bans with the token.
const tokenPeer = "token"

// ListenTCP opens the control API's TCP port, for RunToken.
func ListenTCP(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return GuardTCP(ln)
}

// GuardTCP is ListenTCP for a port that is open. There is no TLS on it, so it must be
// at one of this machine's loopback addresses; else it is closed.
func GuardTCP(ln net.Listener) (net.Listener, error) {
	if tcp, ok := ln.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		ln.Close()
		return nil, fmt.Errorf("%s can be reached from elsewhere, and the token would cross the network in clear; listen on 127.0.0.1, and come through ssh -L or a reverse proxy with TLS", ln.Addr())
	}
	return netutil.LimitListener(ln, maxConns), nil
}

// RunToken is Run for a listener that the system guards less than the socket: each
// request needs the token (Authorization: Bearer TOKEN), and none comes from a web
// page. Who asks is called token.
func (s *Server) RunToken(ctx context.Context, ln net.Listener, token []byte) error {
	gate := &tokenGate{server: s, sum: sha256.Sum256(token)}
	return s.run(ctx, ln, gate, func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, peerKey{}, tokenPeer)
	})
}

// tokenGate lets requests with the token through.
type tokenGate struct {
	server *Server
	sum    [sha256.Size]byte // so that the comparison takes as long for every token
}

// ServeHTTP implements http.Handler.
func (g *tokenGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.Header.Values("Origin")) > 0 {
		g.server.refuse(w, r, &Error{CodeForbidden, "a web page may not use the control API; ask with a program that sends no Origin"})
		return
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(sum[:], g.sum[:]) == 1 && strings.EqualFold(scheme, "Bearer") {
		g.server.mux.ServeHTTP(w, r)
		return
	}
	select {
	case <-time.After(guessPause):
	case <-r.Context().Done():
	}
	g.server.log.WarnContext(r.Context(), "a request on the control API's TCP port had no token or a wrong one")
	w.Header().Set("WWW-Authenticate", "Bearer")
	w.Header().Set("Connection", "close")
	g.server.refuse(w, r, &Error{CodeUnauthorized, "the token is missing or wrong; send Authorization: Bearer TOKEN, with what is in admin.token_file"})
}
