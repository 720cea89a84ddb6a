package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/joingyd/joingyd/client"
)

// visit does what needs a session.
func (c *checker) visit(ctx context.Context, found Step) []Step {
	if found.Status == Failed {
		return lacking("needs http", stepWebSocket, stepICE, stepSTUN, stepAllocate, stepRelay)
	}
	conn, entered := c.enter(ctx)
	if conn == nil {
		return append([]Step{entered}, lacking("needs websocket", stepICE, stepSTUN, stepAllocate, stepRelay)...)
	}
	reading := make(chan struct{})
	go func() { // answers the daemon's pings
		defer close(reading)
		for err := error(nil); err == nil; {
			_, err = conn.Receive(ctx)
		}
	}()
	defer func() {
		conn.Close()
		<-reading
	}()
	return append([]Step{entered}, c.ice(ctx, conn.Welcome())...)
}

// lacking skips steps for what they need.
func lacking(why string, names ...string) (steps []Step) {
	for _, name := range names {
		steps = append(steps, skipped(name, why))
	}
	return steps
}

// enter opens a session. There is none if the step failed.
func (c *checker) enter(ctx context.Context) (*client.Conn, Step) {
	bounded, cancel := c.bounded(ctx)
	defer cancel()
	start := time.Now()
	conn, err := client.Dial(bounded, client.Options{URL: c.site.String(), TLS: unverified("")})
	if err != nil {
		return nil, c.refused(err)
	}
	w := conn.Welcome()
	return conn, ok(stepWebSocket, fmt.Sprintf("a session in %s, policy %s, %d online", since(start), excerpt(w.Policy), w.Online))
}

// refused tells apart who refused the WebSocket, and why.
func (c *checker) refused(err error) Step {
	if banned, is := errors.AsType[*client.BannedError](err); is {
		detail := "this machine's address is banned: " + excerpt(banned.Reason)
		if !banned.Until.IsZero() {
			detail += fmt.Sprintf(" (until %s)", banned.Until.Format(time.RFC3339))
		}
		return failed(stepWebSocket, detail, "Check from another address, or end the ban: joingyd unban ADDRESS. If nobody can come in, joingyd takes every visitor for the proxy before it, whose address is banned: name it in http.trusted_proxies.")
	}
	if status, is := errors.AsType[*client.StatusError](err); is {
		return failed(stepWebSocket, fmt.Sprintf("%d %s: %s", status.Status, http.StatusText(status.Status), excerpt(status.Body)), statusRemedy(status))
	}
	if closed, is := errors.AsType[*client.CloseError](err); is {
		return failed(stepWebSocket, fmt.Sprintf("closed with %d %s", closed.Code, excerpt(closed.Reason)), closeRemedy(closed.Code))
	}
	if refused, is := errors.AsType[*client.RefusedError](err); is {
		return failed(stepWebSocket, fmt.Sprintf("hello was refused: %s %s", excerpt(refused.Code), excerpt(refused.Detail)), "Check with the joingyd of the same version as the site's.")
	}
	return failed(stepWebSocket, c.plain(err), upgradeRemedy)
}

const upgradeRemedy = "A proxy before joingyd does not pass WebSockets on. Let it forward /ws over HTTP/1.1 with the headers Upgrade and Connection, unbuffered (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\")."

const tooManyRemedy = "This address has too many sessions, or opened too many in a short time. Close some, wait a minute, or raise match.sessions_per_address. If all visitors come through a proxy, name it in http.trusted_proxies: joingyd takes them for one otherwise."

func statusRemedy(e *client.StatusError) string {
	switch {
	case e.Status == http.StatusForbidden && strings.Contains(e.Body, "origin"):
		return "The proxy before joingyd changes the Host header, so the site's own pages look foreign. Let it pass Host on (nginx: proxy_set_header Host $host), or list the site's origin in http.allow_origins."
	case e.Status == http.StatusForbidden, e.Status == http.StatusUnauthorized:
		return "Something before joingyd (a proxy, a firewall for web applications) refuses /ws. Let it through."
	case e.Status == http.StatusServiceUnavailable && strings.Contains(e.Body, "going away"):
		return "The daemon is ending. Start it again, and see why: journalctl -u joingyd."
	case e.Status == http.StatusServiceUnavailable && strings.Contains(e.Body, "full"):
		return "The site holds as many sessions as match.sessions allows. Raise it if the machine has memory to spare."
	case e.Status == http.StatusTooManyRequests:
		return tooManyRemedy
	case isGateway(e.Status):
		return proxyRemedy
	}
	return upgradeRemedy
}

func closeRemedy(code int) string {
	switch code {
	case 1001:
		return "The daemon is ending. Start it again, and see why: journalctl -u joingyd."
	case 4408:
		return upgradeRemedy
	case 4429:
		return tooManyRemedy
	}
	return "See the daemon's log: journalctl -u joingyd."
}
