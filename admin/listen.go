package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// The errors of Listen and Connect that callers can tell apart.
var (
	// ErrRunning says that another daemon answers on the socket.
	ErrRunning = errors.New("another joingyd is running")
	// ErrNoDaemon says that no daemon answers on the socket.
	ErrNoDaemon = errors.New("no joingyd answers")
)

const (
	socketMode  = 0o600
	groupMode   = 0o660
	dialTimeout = 2 * time.Second
	maxPath     = 103 // bytes in sockaddr_un: 104 on BSD and macOS, 108 on Linux, with the final zero
)

// Listen makes the control socket with mode 0600 or, for a group that shall have
// it too, 0660; an empty group is none. A socket file that a killed daemon left
// behind is replaced; if somebody answers on it, the error wraps ErrRunning. Two
// daemons that start at the same moment are for the lock of the ban store to keep
// apart. Closing the listener removes the file.
func Listen(path, group string) (*net.UnixListener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("control socket %s: the path has %d bytes and the system allows %d; choose a shorter one (admin.socket)", path, len(path), maxPath)
	}
	share, err := sharing(path, group)
	if err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// The mode of the socket's own inode is what bind gives the file on Linux,
	// so that it is never open to others, not even for a moment. Elsewhere this
	// may fail, and the Chmod below is what counts.
	config := net.ListenConfig{Control: func(_, _ string, conn syscall.RawConn) error {
		return conn.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), socketMode) })
	}}
	ln, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w; the daemon's user must be able to write in its directory", err)
	}
	if err = os.Chmod(path, socketMode); err == nil {
		err = share()
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln.(*net.UnixListener), nil
}

// removeStale removes a socket on which nobody listens, and nothing else.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("control socket %s: the file is there and is no socket; move it away, or choose another path (admin.socket)", path)
	}
	conn, err := dial(context.Background(), path)
	if err == nil {
		conn.Close()
		return fmt.Errorf("control socket %s: %w; stop it first, or choose another data directory", path, ErrRunning)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("control socket: %w", err)
	}
	return os.Remove(path)
}

func dial(ctx context.Context, path string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	return dialer.DialContext(ctx, "unix", path)
}
