package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// sharing returns what gives the socket at path to a group, if that can be.
func sharing(path, group string) (share func() error, err error) {
	if group == "" {
		return func() error { return nil }, nil
	}
	found, err := user.LookupGroup(group)
	if err != nil {
		return nil, fmt.Errorf("admin.group: there is no group %s; make it with groupadd, or leave admin.group empty", quote(group))
	}
	gid, err := strconv.Atoi(found.Gid)
	if err != nil {
		return nil, fmt.Errorf("admin.group: the group %s has no number here; leave admin.group empty", quote(group))
	}
	if err := enterable(filepath.Dir(path), group, gid); err != nil {
		return nil, err
	}
	return func() error {
		if !groupIs(path, gid) { // the service's own group needs no chown, which its unit forbids
			err := os.Lchown(path, -1, gid)
			if errors.Is(err, fs.ErrPermission) {
				return fmt.Errorf("admin.group: %w; the daemon's user must be in that group: usermod -a -G %s %s, and, as a service with a unit of joingyd's, needs SystemCallFilter=@chown", err, group, ownName())
			}
			if err != nil {
				return fmt.Errorf("admin.group: %w", err)
			}
		}
		return os.Chmod(path, groupMode)
	}, nil
}

// groupIs reports whether a file is of the group.
func groupIs(path string, gid int) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Gid) == gid
}

// enterable says whether a group may enter a directory, as far as its mode tells.
func enterable(dir, group string, gid int) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	ofGroup := ok && int(owner.Gid) == gid
	if ofGroup && info.Mode()&0o010 == 0 || !ofGroup && info.Mode()&0o001 == 0 {
		return fmt.Errorf("admin.group: the group %s may not enter %s, where the socket is; let it (chgrp %s, chmod g+x), or put admin.socket elsewhere", group, dir, group)
	}
	return nil
}
