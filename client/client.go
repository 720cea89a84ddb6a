// Package client speaks joingy.v1 to a site, as a browser does: for tests, for
// load, and for joingyd check.
//
//	Dial ── upgrade ── hello ── (consent) ── welcome ──▶ Conn ── Send, Receive ── Close
//	                                                      └─ lost: Resume
//
// The daemon counts a message as delivered when the client answers the ping
// behind it, and a Conn answers pings, and challenges, only inside Receive: whoever
// holds a Conn keeps a goroutine in Receive. A context that ends inside Send or
// Receive cuts the connection; Resume opens another for the same session.
package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/coder/websocket"
)

// Subprotocol is what the client asks for.
const Subprotocol = "joingy.v1"

// maxMessage bounds what the daemon may send at once, in bytes.
const maxMessage = 128 << 10

// Options of Dial. Only URL is required.
type Options struct {
	// URL of the site, http or https; its path does not matter.
	URL string
	// Policy is the version of the site's policy that the user accepts, being
	// an adult. Empty: whatever the site says that it is.
	Policy string
	// Header is sent with the upgrade. Without an Origin in it, the site's own
	// is sent.
	Header http.Header
	// TLS configures https; nil is the default. Dial copies it.
	TLS *tls.Config
	// Pass is a proof of age, as the site gave it out, for when it wants one.
	Pass string
	// LocalAddr is where to connect from; the system chooses if it is not valid.
	LocalAddr netip.Addr
	// ResumeToken and Ack take up the session of an earlier welcome, of which
	// Ack is the last message seen. See Conn.Resume.
	ResumeToken string
	Ack         uint64
}

// Dial opens a session. What the site says against it comes as *BannedError,
// *StatusError, *CloseError or *RefusedError. A proxy of the environment is not
// used: the way is the same as that of media.
func Dial(ctx context.Context, opts Options) (*Conn, error) {
	c := &Conn{opts: opts, seq: opts.Ack}
	if err := c.connect(ctx, opts.ResumeToken); err != nil {
		return nil, err
	}
	return c, nil
}

// upgrade opens the WebSocket.
func upgrade(ctx context.Context, opts Options) (*websocket.Conn, error) {
	site, err := url.Parse(opts.URL)
	if err != nil {
		return nil, err
	}
	if site.Scheme != "http" && site.Scheme != "https" || site.Host == "" {
		return nil, fmt.Errorf("client: %q is not the URL of a site", opts.URL)
	}
	transport := &http.Transport{DialContext: dialerFrom(opts.LocalAddr).DialContext, DisableKeepAlives: true}
	if opts.TLS != nil {
		transport.TLSClientConfig = opts.TLS.Clone()
	}
	header := opts.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header["Origin"] == nil {
		header.Set("Origin", site.Scheme+"://"+site.Host)
	}
	conn, response, err := websocket.Dial(ctx, site.Scheme+"://"+site.Host+"/ws", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: transport, CheckRedirect: noRedirect},
		HTTPHeader:   header,
		Subprotocols: []string{Subprotocol},
	})
	if err != nil {
		return nil, refusal(response, err)
	}
	conn.SetReadLimit(maxMessage)
	return conn, nil
}

// noRedirect keeps a redirect as the answer: browsers follow none for WebSockets.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func dialerFrom(addr netip.Addr) *net.Dialer {
	dialer := new(net.Dialer)
	if addr.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
	}
	return dialer
}
