package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/joingyd/joingyd/config"
)

const socketUnit = "joingyd.socket"

// ownUnits is where an administrator changes the units of packages.
var ownUnits = "/etc/systemd/system"

// holdPorts has systemd's sockets listen where the configuration says, if they are
// enabled. It reports whether that is so, and whether that was elsewhere before: they
// have to be opened anew then, with the daemon that has them.
func holdPorts(ctx context.Context, p *printer, c config.Config) (held, moved bool, err error) {
	if exec.CommandContext(ctx, "systemctl", "is-enabled", "--quiet", socketUnit).Run() != nil {
		return false, false, nil
	}
	var text bytes.Buffer
	if err := printSockets(&text, c); err != nil {
		return true, false, err
	}
	dir := filepath.Join(ownUnits, socketUnit+".d")
	path := filepath.Join(dir, "listen.conf")
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text.Bytes()) {
		return true, false, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return true, false, err
	}
	if err := os.WriteFile(path+".new", text.Bytes(), 0o644); err != nil { //nolint:gosec // a unit is no secret
		return true, false, err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return true, false, err
	}
	p.printf("\n%s has the ports that systemd holds while the daemon restarts.\n", path)
	return true, true, nil
}
