package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/config"
)

// testCertificate is a certificate that this process trusts as if an authority
// had given it: WebRTC clients check that of a relay over TLS. It is made anew
// when it ends, and else stays.
var testCertificate = filepath.Join(os.TempDir(), fmt.Sprintf("joingyd-test-%d", os.Getuid()), "both.pem")

// hasty has children with the race detector end at once. It has told of every
// race by then; else each waits a second for more.
const hasty = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", hasty)
	if os.Getenv("SSL_CERT_FILE") != testCertificate { // else a script's command
		if err := os.MkdirAll(filepath.Dir(testCertificate), 0o700); err != nil {
			panic(err)
		}
		if _, err := cert.SelfSigned(testCertificate, nil); err != nil {
			panic(err)
		}
		os.Setenv("SSL_CERT_FILE", testCertificate)
	}
	testscript.Main(m, map[string]func(){"joingyd": main})
}

// TestScript types what an operator types. See testdata/script.
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
			env.Setenv("GORACE", hasty)
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

func TestEveryCommandExplainsItself(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Short == "" {
			t.Errorf("%s has no description", cmd.CommandPath())
		}
		if cmd.Example == "" && !cmd.HasSubCommands() && !cmd.Hidden {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		checkExamples(t, cmd)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s is not explained", cmd.CommandPath(), f.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRootCommand())
}

// checkExamples checks that each example runs this command, or one below it, with
// flags that it has.
func checkExamples(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	for line := range strings.Lines(cmd.Example) {
		line, _, _ = strings.Cut(line, "#")
		ours := 0
		for part := range strings.SplitSeq(line, "|") {
			words := strings.Fields(part)
			if len(words) == 0 || words[0] != "joingyd" { // what goes into it, or comes out
				continue
			}
			ours++
			found, _, err := cmd.Root().Find(words[1:])
			if err != nil || !strings.HasPrefix(found.CommandPath()+" ", cmd.CommandPath()+" ") {
				t.Errorf("%s: %q is an example of %s, %v", cmd.CommandPath(), line, found.CommandPath(), err)
				continue
			}
			for _, word := range words {
				name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
				if strings.HasPrefix(word, "--") && found.Flag(name) == nil && name != "help" {
					t.Errorf("%s: %q has a flag that %s lacks", cmd.CommandPath(), line, found.CommandPath())
				}
			}
		}
		if ours != 1 {
			t.Errorf("%s: %q runs joingyd %d times, want once", cmd.CommandPath(), line, ours)
		}
	}
}

func TestAbout(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{-time.Second, "0s"},
		{40 * time.Second, "40s"},
		{time.Hour - time.Second, "60m"},
		{24*time.Hour - time.Second, "24h"},
		{48 * time.Hour, "48h"},
		{7*24*time.Hour - time.Second, "7d"},
		{3650 * 24 * time.Hour, "3650d"},
	}
	for _, tt := range tests {
		if got := about(tt.d); got != tt.want {
			t.Errorf("about(%v) = %s, want %s", tt.d, got, tt.want)
		}
	}
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
