package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// spareDescriptors are what the daemon has open beside its sessions, and then some.
const spareDescriptors = 200

// The main goroutine starts every child: the kernel kills those when its thread
// ends.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) > 2 && os.Args[1] == "child" {
		runtime.UnlockOSThread()
		if err := childMain(os.Args[2], os.Args[3:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "ws:", err)
			os.Exit(1)
		}
		return
	}
	opts, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = runBench(opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ws:", err)
		os.Exit(1)
	}
}

// runBench runs what the options ask for, at most for as long as they say. An
// interrupt kills the children, which ends it.
func runBench(opts *options) error {
	if err := checkDescriptors(opts.sessions + spareDescriptors); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, opts.limit, fmt.Errorf("not done after %s (-limit)", opts.limit))
	defer cancel()
	b := &bench{options: opts, report: newReport(os.Stdout)}
	if err := b.run(ctx); err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return nil
}

// checkDescriptors reports whether a process may open so many descriptors. Go
// programs raise their soft limit to the hard one by themselves.
func checkDescriptors(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < uint64(n) {
		return fmt.Errorf("a process may open %d descriptors (ulimit -H -n), and the daemon needs %d; hold less with -sessions", limit.Max, n)
	}
	return nil
}
