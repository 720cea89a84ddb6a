package admin_test

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/joingyd/joingyd/admin"
)

// ownGroup is the name and number of a group that this process may give to files.
func ownGroup(t *testing.T) (name string, gid int) {
	t.Helper()
	g, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	if err != nil {
		t.Skip(err)
	}
	return g.Name, os.Getgid()
}

func TestListenForAGroup(t *testing.T) {
	name, gid := ownGroup(t)
	path := socketPath(t)
	if err := os.Chmod(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	ln, err := admin.Listen(path, name)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if stat := info.Sys().(*syscall.Stat_t); info.Mode().Perm() != 0o660 || int(stat.Gid) != gid || int(stat.Uid) != os.Getuid() {
		t.Errorf("mode %v, owner %d:%d; want 0660 and %d:%d", info.Mode(), stat.Uid, stat.Gid, os.Getuid(), gid)
	}
}

func TestListenRefusesAGroup(t *testing.T) {
	name, _ := ownGroup(t)
	path := socketPath(t)
	for _, tt := range []struct {
		group string
		mode  os.FileMode
		want  string
	}{
		{"no-such-group", 0o755, `admin.group: there is no group "no-such-group"; make it with groupadd, or leave admin.group empty`},
		{name, 0o700, "may not enter"},
		{name, 0o701, "may not enter"}, // the group's own bits count
	} {
		if err := os.Chmod(filepath.Dir(path), tt.mode); err != nil {
			t.Fatal(err)
		}
		if ln, err := admin.Listen(path, tt.group); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("group %s, directory %v: %v, want an error with %q", tt.group, tt.mode, err, tt.want)
			if err == nil {
				ln.Close()
			}
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("the socket was made")
		}
	}
}

// The daemon's user can give the socket only to a group that it is in. Root would
// be let, so this thread becomes nobody as far as files are concerned.
func TestListenForSomebodyElsesGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be somebody without the group")
	}
	name, _ := ownGroup(t)
	path := socketPath(t)
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		if err := unix.Setfsgid(65534); err != nil {
			ended <- err
			return
		}
		if err := unix.Setfsuid(65534); err != nil {
			ended <- err
			return
		}
		_, err := admin.Listen(path, name)
		ended <- err
	}()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "admin.group: ") || !strings.Contains(err.Error(), "must be in that group: usermod -a -G "+name) {
		t.Errorf("Listen: %v, want what to do about the group", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is left open")
	}
}
