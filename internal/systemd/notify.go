// Package systemd is what the service manager and the daemon tell each other:
//
//	systemd ── LISTEN_FDS ──────▶ Passed: sockets that outlive the daemon
//	daemon  ── NOTIFY_SOCKET ───▶ Ready, Reloading, Stopping, Alive: sd_notify(3)
//
// Without systemd each of these does nothing, and says so by no error. The
// environment is read when a function is called, and Passed alone changes it.
package systemd

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready says that the daemon serves, also after a reload. The status is a line
// for `systemctl status`.
func Ready(status string) error { return tell(daemon.SdNotifyReady, statusIs(status)) }

// Reloading says that the settings are read anew, until the next Ready.
func Reloading() error {
	// systemd leaves a message out that is older than what it has asked for.
	return tell(daemon.SdNotifyReloading, strings.TrimSuffix(daemon.SdNotifyMonotonicUsec(), "\n"))
}

// Stopping says that the daemon ends, and asks to be left within for that,
// whatever TimeoutStopSec is.
func Stopping(within time.Duration, status string) error {
	return tell(daemon.SdNotifyStopping, statusIs(status), fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", within.Microseconds()))
}

// Alive is a sign of life, for the watchdog and for `systemctl status`. It is for who
// has just found out that the daemon's parts answer.
func Alive(status string) error { return tell(daemon.SdNotifyWatchdog, statusIs(status)) }

// restBetween is how often there is a sign of life where no watchdog waits for it.
const restBetween = 30 * time.Second

// Listens reports whether anybody hears Alive, and how often to call it: three
// times within the watchdog's patience, so that one may come late.
func Listens() (every time.Duration, listens bool, err error) {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return 0, false, nil
	}
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0, false, fmt.Errorf("systemd: %w; WatchdogSec= in the unit sets it", err)
	}
	return cmp.Or(patience/3, restBetween), true, nil
}

// statusIs writes a status as one line: another would be another message.
func statusIs(status string) string {
	return "STATUS=" + strings.ReplaceAll(status, "\n", " ")
}

func tell(lines ...string) error {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	if err := send(name, strings.Join(lines, "\n")); err != nil {
		return fmt.Errorf("systemd cannot be told: %w; NOTIFY_SOCKET must be the socket of who started the daemon", err)
	}
	return nil
}

// sendTime bounds how long the daemon waits for a manager that does not read.
const sendTime = time.Second

// send is daemon.SdNotify with an end: that one waits for as long as the socket is full.
func send(name, message string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"}) // a leading @ is abstract
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(message))
	return err
}
