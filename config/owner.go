package config

import (
	"os"
	"syscall"
)

// GiveToOwner gives a file to the owner of a directory, if root runs this: what
// root puts into the daemon's directory, the daemon must be able to open.
func GiveToOwner(path, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}
