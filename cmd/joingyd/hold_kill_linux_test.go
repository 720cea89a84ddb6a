//go:build !race

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
)

// holdChild names the data directory of a child, which does to it what the argument says.
const holdChild = "TEST_HOLD_DIR"

// custody is what a hold concerns, in a data directory.
type custody struct {
	*admin.Service
	cases *moderate.Store
	rows  *iplog.Log
	holds *legalhold.Register
	close func() error

	pseudonym string // of the address
}

var heldAddr = netip.MustParseAddr("203.0.113.7")

// openCustody opens it as a daemon does, which completes what was begun.
func openCustody(dir string) (c *custody, err error) {
	c = new(custody)
	bans, err := ban.Open(filepath.Join(dir, banStoreFile), ban.Keys{{1}}, nil)
	if err != nil {
		return nil, err
	}
	if c.cases, err = moderate.Open(filepath.Join(dir, caseFile), moderate.Options{}); err != nil {
		return nil, err
	}
	if c.rows, err = iplog.Open(filepath.Join(dir, ipLogDir), iplog.Options{Seal: func(plain []byte) ([]byte, error) { return slices.Clone(plain), nil }, Days: 30}); err != nil {
		return nil, err
	}
	if c.holds, err = legalhold.Open(filepath.Join(dir, legalHoldDir), heldRows{c.rows}, heldCases{c.cases}, nil); err != nil {
		return nil, err
	}
	c.pseudonym = bans.Pseudonym(heldAddr).String()
	log, err := audit.Open(filepath.Join(dir, auditDir), audit.Options{})
	if err != nil {
		return nil, err
	}
	c.Service = admin.NewService(bans, &admin.Options{Cases: c.cases, IPLog: c.rows, LegalHolds: c.holds, Audit: log})
	c.close = func() error {
		return errors.Join(bans.Close(), c.cases.Close(), c.rows.Close(), c.holds.Close(), log.Close())
	}
	return c, c.holds.Complete(func(legalhold.Hold, legalhold.Ended) error { return nil })
}

// state is what is held: all of it, nothing, or what must never be after a start.
func (c *custody) state() (string, error) {
	list, rows := c.holds.List(), c.rows.Holds()
	found, err := c.cases.Concerning(moderate.Subject{Pseudonyms: []string{c.pseudonym}})
	if err != nil || len(found.Cases) != 1 {
		return "", fmt.Errorf("%d cases, %w", len(found.Cases), err)
	}
	held := found.Cases[0].Hold != nil
	switch {
	case len(list) == 0 && len(rows) == 0 && !held:
		return "nothing", nil
	case len(list) == 1 && !list[0].Incomplete && !list[0].Ending && len(rows) == 1 && rows[0].ID == list[0].Rows && held:
		return "all", nil
	}
	return fmt.Sprintf("holds %+v, rows %+v, case held: %v", list, rows, held), nil
}

// act makes a hold, or releases the one that there is.
func (c *custody) act(t *testing.T, what string) error {
	if what == "make" {
		_, err := c.MakeLegalHold(t.Context(), admin.LegalHoldRequest{Address: heldAddr.String(), Reference: "26-1402"})
		return err
	}
	_, err := c.ReleaseLegalHold(t.Context(), admin.LegalReleaseRequest{ID: c.holds.List()[0].ID, Reason: "enough"})
	return err
}

// A daemon is killed as it is about to make each of the calls that change a file, while it
// makes a hold and while it releases one. At the next start all is held or nothing is, and
// what was asked can be asked again.
func TestHoldIsKilled(t *testing.T) {
	if dir := os.Getenv(holdChild); dir != "" {
		runtime.LockOSThread() // strace counts the calls of each thread
		c, err := openCustody(dir)
		if err == nil {
			err = errors.Join(c.act(t, os.Getenv(holdChild+"_DO")), c.close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace (`make deps` installs it)")
	}
	before := map[string]string{"make": t.TempDir(), "release": t.TempDir()}
	for what, dir := range before {
		c, err := openCustody(dir)
		if err != nil {
			t.Fatal(err)
		}
		c.rows.Add(iplog.Event{At: time.Now(), Kind: iplog.Came, Session: "one", Address: netip.AddrPortFrom(heldAddr, 1)})
		c.rows.Flush()
		if _, err := c.cases.File(moderate.Filing{ID: moderate.NewID(), Reason: "spam", At: time.Now(), Session: "one", Suspects: []string{c.pseudonym}, Reporter: "a"}); err != nil {
			t.Fatal(err)
		}
		if what == "release" {
			err = c.act(t, "make")
		}
		if err := errors.Join(err, c.close()); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		what, call string
		first, n   int // of these calls
	}{
		{"make", "renameat", 1, 4},    // the register, the rows, what lists them, the register
		{"make", "fdatasync", 3, 2},   // the case; the first two are of opening the store
		{"release", "renameat", 1, 3}, // the register, what lists the rows, the register
		{"release", "fdatasync", 3, 2},
		{"release", "unlinkat", 1, 1}, // the rows
	} {
		for n := step.first; n < step.first+step.n; n++ {
			killHolding(t, before[step.what], step.what, step.call, n)
		}
	}
}

// killHolding kills a child at the n-th of its calls of a kind.
func killHolding(t *testing.T, before, what, call string, n int) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(before)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", "-f", "-o", "/dev/null", "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n), os.Args[0], "-test.run=^TestHoldIsKilled$")
	cmd.Env = append(os.Environ(), holdChild+"="+dir, holdChild+"_DO="+what, alone+"=1")
	out, err := cmd.CombinedOutput()
	if exit, is := errors.AsType[*exec.ExitError](err); is && exit.Exited() {
		t.Skipf("no right to trace a process: %v, %s", err, out)
	} else if !is {
		t.Errorf("%s, %s %d: not killed: %v", what, call, n, err)
	}
	c, err := openCustody(dir)
	if err != nil {
		t.Fatalf("%s, %s %d: the next start: %v", what, call, n, err)
	}
	state, err := c.state()
	if err != nil || state != "all" && state != "nothing" {
		t.Errorf("%s, %s %d: %s, %v", what, call, n, state, err)
	}
	if state == map[string]string{"make": "nothing", "release": "all"}[what] {
		err = c.act(t, what)
	}
	if err := errors.Join(err, c.close()); err != nil {
		t.Errorf("%s, %s %d: asked again: %v", what, call, n, err)
	}
}
