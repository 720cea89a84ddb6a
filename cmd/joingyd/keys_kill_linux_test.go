//go:build !race

package main

import (
	"errors"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

// A rotation is killed as it is about to make each of the calls that write its files.
// Bans hold whenever that is, there is one relay secret, the old or the new, and the
// next rotation works. A daemon that starts then leaves nothing lying about.
func TestRotationIsKilled(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace (`make deps` installs it)")
	}
	dir := t.TempDir()
	if _, err := initKeys(dir, []admin.KeyPurpose{admin.KeyBan, admin.KeyRelay}); err != nil {
		t.Fatal(err)
	}
	target := netip.MustParseAddr("203.0.113.7")
	inStore := func(do func(*ban.Store)) {
		t.Helper()
		keys, err := loadStoreKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		store, err := openStoreIn(dir, keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		do(store)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	inStore(func(s *ban.Store) {
		if _, err := s.Add(ban.Entry{Target: ban.TargetFor(target), By: "root"}); err != nil {
			t.Fatal(err)
		}
	})
	kills := 0
	for _, step := range []struct {
		purpose admin.KeyPurpose
		call    string // the n-th of a kind
		want    string // which key is in the file then: old, new, or either
	}{
		{admin.KeyRelay, "fsync:when=1", "either"}, // the store is opened
		{admin.KeyRelay, "fsync:when=2", "either"},
		{admin.KeyRelay, "renameat:when=1", "old"},
		{admin.KeyRelay, "unlinkat:when=1", "new"},
		{admin.KeyBan, "fsync:when=2", "either"},
		{admin.KeyBan, "renameat:when=1", "old"},
		{admin.KeyBan, "unlinkat:when=1", "new"},
		{admin.KeyBan, "pwrite64:when=2", "either"},
		{admin.KeyBan, "fdatasync:when=1", "new"},
		{admin.KeyBan, "fdatasync:when=2", "new"},
	} {
		before := firstKeys(t, dir)
		call, when, _ := strings.Cut(step.call, ":")
		cmd := serveCommand(t, dir, []string{"strace", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=" + call + ":signal=KILL:" + when})
		cmd.Args = append(slices.Clone(cmd.Args[:slices.Index(cmd.Args, "serve")]), "keys", "rotate", string(step.purpose), "--offline", "--data-dir", dir)
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // strace counts the calls of each thread
		out, err := cmd.CombinedOutput()
		if exit, is := errors.AsType[*exec.ExitError](err); is && !exit.Exited() {
			kills++
		} else if err != nil {
			t.Skipf("no right to trace a process: %v, %s", err, out)
		} else {
			t.Logf("%s, %s: not killed: %s", step.purpose, step.call, out)
		}
		inStore(func(s *ban.Store) {
			if !s.Banned(target, ban.UseSite) {
				t.Errorf("%s, %s: the ban is gone", step.purpose, step.call)
			}
		})
		after := firstKeys(t, dir)
		for purpose := range before {
			changed := after[purpose] != before[purpose]
			if purpose != step.purpose && changed || purpose == step.purpose && (step.want == "old" && changed || step.want == "new" && !changed) {
				t.Errorf("%s, %s: the key for %s has changed: %v; want %s", step.purpose, step.call, purpose, changed, step.want)
			}
		}
	}
	if kills < 8 {
		t.Errorf("%d kills, want one a step", kills)
	}
	d, stop := startDaemonToStop(t, func(c *config.Config) { c.DataDir = dir })
	if !d.bans.Banned(target, ban.UseSite) {
		t.Error("the ban is gone")
	}
	stop()
	if left, err := filepath.Glob(filepath.Join(dir, "*.new-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// firstKeys are the current keys in the files of a data directory.
func firstKeys(t *testing.T, dir string) map[admin.KeyPurpose][config.SecretSize]byte {
	t.Helper()
	bans, err := config.LoadSecrets(filepath.Join(dir, banKeyFile))
	relay, err2 := config.LoadSecret(filepath.Join(dir, relaySecretFile))
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return map[admin.KeyPurpose][config.SecretSize]byte{admin.KeyBan: bans[0], admin.KeyRelay: relay}
}
