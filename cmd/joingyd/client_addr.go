package main

import (
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/front"
)

// clientAddr is a front.ClientAddr that may change.
type clientAddr struct {
	now atomic.Pointer[front.ClientAddr]
}

// change believes other proxies from now on.
func (c *clientAddr) change(settings config.HTTP) error {
	trusted, err := parseProxies(settings.TrustedProxies)
	if err == nil {
		c.now.Store(&front.ClientAddr{Trusted: trusted, Header: settings.ForwardedHeader})
	}
	return err
}

// Of returns the address that the request comes from.
func (c *clientAddr) Of(r *http.Request) netip.Addr { return c.now.Load().Of(r) }

// FromProxy reports whether the request comes from a trusted proxy.
func (c *clientAddr) FromProxy(r *http.Request) bool { return c.now.Load().FromProxy(r) }

// Secure reports whether the visitor came by https.
func (c *clientAddr) Secure(r *http.Request) bool { return c.now.Load().Secure(r) }
