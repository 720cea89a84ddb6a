package main

import (
	"fmt"
	"net"

	"github.com/joingyd/joingyd/admin/desk"
	"github.com/joingyd/joingyd/config"
)

// moderators is the moderators' page, and where it is.
type moderators struct {
	net.Listener
	origins []string
	links   *desk.Links
	*desk.Desk
}

// listenDesk opens the moderators' page's port, unless there shall be none.
func (d *daemon) listenDesk() error {
	if d.cfg.Admin.WebListen == "" {
		return nil
	}
	listener, err := d.sockets.Listen("admin.web_listen", d.cfg.Admin.WebListen)
	if err != nil {
		return fmt.Errorf("admin.web_listen: %w; choose another with --admin-web-listen, or \"\" for none", err)
	}
	d.closers = append(d.closers, listener.Close)
	origins := desk.Origins(d.cfg.Admin.WebOrigin, listener.Addr())
	d.moderators = &moderators{Listener: listener, origins: origins, links: desk.NewLinks(origins[0])}
	return nil
}

// openDesk has the control API's service answer the moderators' page.
func (d *daemon) openDesk() error {
	if d.moderators == nil {
		return nil
	}
	options := desk.Options{Court: d.service, Links: d.moderators.links, Origins: d.moderators.origins, Log: d.log}
	if header := d.cfg.Admin.WebProxyUserHeader; header != "" {
		secret, err := config.LoadOrCreateSharedSecret(d.cfg.Admin.WebProxySecretFile)
		if err != nil {
			return fmt.Errorf("admin.web_proxy_secret_file: %w", err)
		}
		options.Proxy = &desk.Proxy{Header: header, Secret: secret}
	}
	var err error
	d.moderators.Desk, err = desk.New(options)
	return err
}
