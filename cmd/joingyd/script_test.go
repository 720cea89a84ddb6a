//go:build !race

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

// TestScript types what an operator types. See testdata/script. It runs without the
// race detector: of hundreds of short commands that is most of the time, and
// what they ask of the daemon is asked under it by the other tests.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":     scriptStatus,
			"eventually": scriptEventually,
			"lock-store": scriptLockStore,
			"mode":       scriptMode,
			"console":    scriptConsole,
			"visitors":   scriptVisitors,
		},
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			docs, err := filepath.Abs(filepath.Join("..", "..", "docs"))
			env.Setenv("DOCS", docs)
			return err
		},
	})
}

// scriptStatus runs a program that must exit with a status:
//
//	status N PROGRAM ARGUMENT…
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARGUMENT…")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v: %v", args[1:], err)
		}
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("%v: exit status %s, want %s", args[1:], got, args[0])
	}
}

// scriptEventually runs a program again and again until its output contains a
// text, for 10 s:
//
//	eventually TEXT PROGRAM ARGUMENT…
func scriptEventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually TEXT PROGRAM ARGUMENT…")
	}
	for start := time.Now(); time.Since(start) < 10*time.Second; {
		if err := ts.Exec(args[1], args[2:]...); err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
	}
	ts.Fatalf("%v never printed %q", args[1:], args[0])
}

// scriptLockStore opens the store of a data directory until the script ends, as
// a daemon does:
//
//	lock-store DIR
func scriptLockStore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock-store DIR")
	}
	key, err := config.LoadOrCreateSecret(filepath.Join(ts.MkAbs(args[0]), banKeyFile))
	ts.Check(err)
	store, err := ban.Open(filepath.Join(ts.MkAbs(args[0]), banStoreFile), ban.Keys{key}, nil)
	ts.Check(err)
	ts.Defer(func() { ts.Check(store.Close()) })
}

// scriptMode checks files' permissions:
//
//	mode 600 FILE…
func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode OCTAL FILE…")
	}
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", name, got, args[0])
		}
	}
}
