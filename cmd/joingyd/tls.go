package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/front"
	"github.com/joingyd/joingyd/turn"
)

// certificates is where TLS and DTLS take their certificate from.
type certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// openTLS opens the ports that need a certificate: the one that https, WebSocket
// and TURN over TLS share, and those of TURN alone.
func (d *daemon) openTLS() error {
	c := d.cfg.TLS
	if c.Listen == "" && len(d.cfg.TURN.TLSListen) == 0 {
		return nil
	}
	source, protocols, err := d.openCertificates()
	if err != nil {
		return err
	}
	d.certificates = source
	config := &tls.Config{GetCertificate: source.GetCertificate, NextProtos: protocols}
	if c.Listen != "" {
		splitter, err := d.listenTLS("tls.listen", c.Listen, config)
		if err != nil {
			return fmt.Errorf("tls.listen: %w; choose another with --tls-listen", err)
		}
		d.httpsListener = splitter.HTTP()
	}
	for _, listen := range d.cfg.TURNTLSListen() {
		splitter, err := d.listenTLS("turn.tls_listen", listen, config)
		if lacksIPv6(listen, err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("turn.tls_listen: %w", err)
		}
		splitter.HTTP().Close() // TURN alone
		datagrams, err := turn.ListenDTLS(listen, source.GetCertificate)
		if err != nil {
			return fmt.Errorf("turn.tls_listen: %w", err)
		}
		if err := d.relay.ServeStream("dtls", datagrams); err != nil {
			return err
		}
	}
	return nil
}

// listenTLS opens a port, serves the relay on its TURN side, and leaves the HTTP
// side to the caller.
func (d *daemon) listenTLS(key, listen string, config *tls.Config) (*front.Splitter, error) {
	listener, err := d.sockets.Listen(key, listen)
	if err != nil {
		return nil, err
	}
	splitter := front.New(listener, front.Options{TLS: config, Logger: d.log})
	d.splitters = append(d.splitters, splitter)
	d.closers = append(d.closers, splitter.Close)
	if !d.hasRelay() {
		return splitter, splitter.TURN().Close()
	}
	return splitter, d.relay.ServeStream("tls", splitter.TURN())
}

// openCertificates finds the certificate, and the further protocols that its
// source wants offered.
func (d *daemon) openCertificates() (certificates, []string, error) {
	c := d.cfg.TLS
	if len(c.ACMEDomains) == 0 {
		files, err := cert.Files(c.CertFile, c.KeyFile, d.log)
		if err != nil {
			return nil, nil, fmt.Errorf("tls.cert_file, tls.key_file: %w", err)
		}
		return files, nil, nil
	}
	source, err := cert.ACME(cert.ACMEOptions{
		Domains: c.ACMEDomains,
		Email:   c.ACMEEmail,
		Dir:     filepath.Join(d.cfg.DataDir, acmeDir),
		Agree:   true, // giving domains accepts the terms: the key's documentation says so
		CA:      c.ACMECA,
		TLSAddr: c.Listen,
		Logger:  d.log,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("tls.acme_domains: %w", err)
	}
	d.acme = source
	d.closers = append(d.closers, source.Close)
	return source, source.TLSConfig().NextProtos, nil
}

// serveTLS adds what openTLS opened to the daemon's goroutines.
func (d *daemon) serveTLS(ctx context.Context, group *errgroup.Group) {
	for _, splitter := range d.splitters {
		group.Go(func() error { return splitter.Run(ctx) })
	}
	if d.acme != nil {
		group.Go(func() error { return d.acme.Run(ctx) })
	}
	if d.httpsListener != nil {
		d.serveHTTP(group, d.httpsListener)
	}
}
