package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate/agepass"
	"github.com/joingyd/joingyd/request"
	"github.com/joingyd/joingyd/web"
)

func (d *daemon) openHTTP() error {
	if d.proofs != nil {
		d.redeem = agepass.NewRedeemer(d.proofs.gate, agepass.RedeemerOptions{
			Wait:   func(r *http.Request) time.Duration { return d.hub.RedemptionWait(d.clients.Of(r)) },
			Logger: d.log,
		})
	}
	pages, err := d.newPages(d.site, d.cfg)
	if err != nil {
		return err
	}
	d.pages.Store(&pages)
	d.http = &http.Server{
		Handler:           &request.Handler{Next: http.HandlerFunc(d.servePages), Proxied: d.clients.FromProxy, Counts: &d.answered},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnState:         d.newcomers.state,
		ErrorLog:          log.New(faultLog{d.log}, "", 0),
	}
	return d.listenHTTP()
}

// servePages answers by the settings of now.
func (d *daemon) servePages(w http.ResponseWriter, r *http.Request) {
	(*d.pages.Load()).ServeHTTP(w, r)
}

// newPages is the site with these settings.
func (d *daemon) newPages(options web.Options, cfg config.Config) (http.Handler, error) {
	if !d.hasVisitors() {
		return d.probes(), nil
	}
	options.HSTS = d.cfg.TLS.Listen != "" && !d.cfg.HTTP.TLSSelfSigned
	options.Socket = d.hub
	options.Snapshots = http.HandlerFunc(d.hub.ServeSnapshot)
	options.Forms = d.forms(cfg.HTTP.AllowOrigins)
	if d.proofs != nil {
		age := *options.Age
		age.Redeem = d.redeem
		options.Age = &age
	}
	options.Online = d.hub.Online
	options.Ban = d.banNotice
	if cfg.Site.PublishFigures {
		options.Figures = d.publishedFigures
	}
	options.Wait = func(r *http.Request) time.Duration { return d.hub.BanCheckWait(d.clients.Of(r)) }
	options.Ready, options.Lacks = d.ready, d.lacks
	options.Logger = d.log
	if cfg.Site.NodeCookie != "" {
		options.Node = &web.NodeCookie{Value: cfg.Site.NodeCookie, Secure: d.clients.Secure}
	}
	return web.New(options)
}

// listenHTTP opens http.listen, or what stands for it.
func (d *daemon) listenHTTP() error {
	secure := func(plain net.Listener) net.Listener { return plain }
	if d.cfg.HTTP.TLSSelfSigned {
		source, err := cert.SelfSigned(filepath.Join(d.cfg.DataDir, selfSignedFile), d.log)
		if err != nil {
			return err
		}
		secure = func(plain net.Listener) net.Listener {
			return tls.NewListener(plain, &tls.Config{
				GetCertificate: source.GetCertificate,
				NextProtos:     []string{"h2", "http/1.1"}, // a WebSocket needs the second
			})
		}
	}
	for i, listen := range d.cfg.HTTPListen() {
		listener, err := d.sockets.Listen("http.listen", listen)
		switch {
		case i > 0 && lacksIPv6(listen, err):
			continue
		case err != nil:
			return fmt.Errorf("http.listen: %w; choose another with --listen", err)
		}
		d.closers = append(d.closers, listener.Close)
		if i == 0 {
			d.httpListener = secure(listener)
		} else {
			d.httpListener6 = secure(listener)
		}
	}
	return nil
}

// lacksIPv6 reports whether ::1 cannot be listened on because this machine has no IPv6.
func lacksIPv6(listen string, err error) bool {
	return strings.HasPrefix(listen, "[::1]:") && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT))
}
