// Command joingyd runs a random-chat site and controls the running one.
//
// Each subcommand family is a file. The exit status is 0 if it is done, 1 if it
// was refused or not found, 2 if the command line made no sense.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

func main() {
	if err := closeMemory(); err != nil {
		fmt.Fprintf(os.Stderr, "joingyd: its memory may come into a core dump: %v\n", err)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. SIGINT and SIGTERM end the command's context; a second one
// ends the process.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return execute(ctx, newRootCommand(), args, stdout, stderr)
}

// programVersion is the linker's version, else the one that go install notes,
// else dev.
func programVersion() string {
	var noted string
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "(devel)" {
		noted = info.Main.Version
	}
	return cmp.Or(version, noted, "dev")
}
