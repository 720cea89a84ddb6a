package main

import (
	"cmp"
	"fmt"
	"net"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
)

// adminTokenFile is the token's in the data directory.
const adminTokenFile = "admin.token"

// adminTCP is the control API's TCP port, and what opens it.
type adminTCP struct {
	net.Listener
	token []byte
}

// openAdminTCP opens the port, unless there shall be none.
func (d *daemon) openAdminTCP() error {
	if d.cfg.Admin.Listen == "" {
		return nil
	}
	token, err := config.LoadOrCreateSharedSecret(cmp.Or(d.cfg.Admin.TokenFile, config.SecretPath(d.cfg.DataDir, adminTokenFile)))
	if err != nil {
		return fmt.Errorf("admin.token_file: %w", err)
	}
	listener, err := d.sockets.Listen("admin.listen", d.cfg.Admin.Listen)
	if err == nil {
		listener, err = admin.GuardTCP(listener)
	}
	if err != nil {
		return fmt.Errorf("admin.listen: %w; choose another with --admin-listen, or \"\" for none", err)
	}
	d.adminTCP = &adminTCP{listener, token}
	d.closers = append(d.closers, listener.Close)
	return nil
}
