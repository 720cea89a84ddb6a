package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joingyd/joingyd/cert"
)

// testCertificate is a certificate that this process trusts as if an authority
// had given it: WebRTC clients check that of a relay over TLS. It is made anew
// when it ends, and else stays.
var testCertificate = filepath.Join(os.TempDir(), fmt.Sprintf("joingyd-test-%d", os.Getuid()), "both.pem")

// hasty has children with the race detector end at once. It has told of every
// race by then; else each waits a second for more.
const hasty = "atexit_sleep_ms=0"

// alone is set for a child that runs one test and needs no command on its path.
const alone = "TEST_ALONE"

// commands are what the tests find in their PATH.
var commands = map[string]func(){"joingyd": main}

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
	if os.Getenv(alone) != "" {
		os.Exit(m.Run())
	}
	testscript.Main(m, commands)
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

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "root"
}
