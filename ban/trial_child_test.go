package ban_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/joingyd/joingyd/config"
)

// trialChild tells a process of this test binary which of the children to be.
const trialChild = "JOINGYD_TRIAL_CHILD"

// children are the programs that trials run in a process of their own. They say
// on standard output what they do; what goes wrong otherwise is their error.
var children = map[string]func(args []string) error{
	"writer":   writeUntilKilled,
	"changer":  changeSome,
	"unsynced": changeUnsynced,
	"examiner": examine,
}

func TestMain(m *testing.M) {
	name := os.Getenv(trialChild)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := children[name](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// childCommand is one of the children, to be run below another program if one is
// named.
func childCommand(t *testing.T, name string, args []string, below ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	line := append(append(below, self), args...)
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	cmd.Env = append(os.Environ(), trialChild+"="+name, "GORACE=atexit_sleep_ms=0") // else each child ends a second late
	return cmd
}

// fullTrials reports whether this is `make trials`, which has the time for all
// of it.
func fullTrials() bool { return os.Getenv("TRIALS") == "full" }

// quickDir is a directory for files that need not outlive the machine.
func quickDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "joingyd-trial-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// say writes a line in one piece, whoever else does so at the same time.
func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

// change makes one change and says so, before and after, as promises read it.
func change(sign, target string, make func() error) error {
	say("ask %s %s", sign, target)
	if err := make(); err != nil {
		say("fail %s %s", sign, target)
		return err
	}
	say("ok %s %s", sign, target)
	return nil
}

func (s trialStore) sayAdd(target string) error {
	return change("+", target, func() error { return s.add(target, time.Time{}) })
}

func (s trialStore) sayRemove(target string) error {
	return change("-", target, func() error { return s.remove(target) })
}

// The files of a trial's directory are those of a daemon's.
const (
	trialKeyFile   = "ban.key"
	trialStoreFile = "joingyd.db"
)

// openTrialDir opens the store in a directory as the daemon does, with the key
// beside it.
func openTrialDir(dir string) (trialStore, error) {
	key, err := config.LoadOrCreateSecret(filepath.Join(dir, trialKeyFile))
	if err != nil {
		return trialStore{}, err
	}
	return openTrialStore(filepath.Join(dir, trialStoreFile), key)
}

// pageSize is that of bbolt's files here.
var pageSize = os.Getpagesize()

// writeFiles makes a directory anew.
func writeFiles(dir string, files map[string][]byte) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
