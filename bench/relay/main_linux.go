package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
)

// The main goroutine is the generator's thread and the parent of every server:
// the kernel kills those when the thread ends.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		runtime.UnlockOSThread()
		childMain(os.Args[2:])
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
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

// runBench runs what the options ask for. The first interrupt ends it in order,
// a second one at once.
func runBench(opts *options) error {
	if err := pinSelf(opts.loadCore); err != nil {
		return fmt.Errorf("%w; choose others with -server-core and -load-core", err)
	}
	defer prefer(opts.nice)()
	interrupted := new(atomic.Bool)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	go func() {
		<-signals
		signal.Stop(signals)
		interrupted.Store(true)
	}()

	b := &bench{options: opts, out: os.Stdout, interrupted: interrupted}
	if opts.xdp {
		return b.veth()
	}
	return b.loopback()
}
