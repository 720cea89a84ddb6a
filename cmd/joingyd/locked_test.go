package main

import (
	"strings"
	"testing"
	"time"
)

// lockTime is how long who wants the lock may wait for it.
const lockTime = 2 * time.Second

// Trial S5: another process holds the lock of the store. Who wants it says so, and
// what to do, instead of waiting for ever.
func TestS5LockHeld(t *testing.T) {
	p := startProcess(t, t.TempDir(), nil)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "--data-dir", p.dir, "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0"}, "in use by another process; ask the running daemon, or stop it first"},
		{[]string{"bans", "list", "--offline", "--data-dir", p.dir}, "a daemon is running: leave out --offline"},
	} {
		start := time.Now()
		status, _, stderr := typed(t, tt.args...)
		took := time.Since(start)
		if took > 2*lockTime {
			t.Errorf("%s: took %v", tt.args, took)
		}
		if status != exitRefused || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: status %d, %q; want %d and %q", tt.args, status, stderr, exitRefused, tt.want)
		}
		t.Logf("figure: %s: %.1f s", tt.args[0], took.Seconds())
	}
	if status, _, stderr := p.command("status"); status != exitDone {
		t.Errorf("the daemon that holds it: status %d, %s", status, stderr)
	}
}
