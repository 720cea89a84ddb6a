// Command installed installs the Debian package on a Debian that runs systemd, and uses it
// as an operator and visitors do: from `apt install` to `apt purge`, over an upgrade under
// live calls. scripts/test-install makes what it needs, and gives it namespaces of its own:
//
//	visitors ── 203.0.113.21… ── veth ── 203.0.113.10 ── systemd-nspawn: Debian, systemd, joingyd
//
// It prints a row for each step while they go on, and tables at the end. A step that fails
// does not keep the next ones from being tried; the exit status is 1 then.
//
// All that it starts and mounts is in the PID, mount and network namespaces that it was
// given, and goes with them. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	var s site
	flag.StringVar(&s.root, "root", "", "directory with a Debian; it is changed")
	flag.StringVar(&s.oldDeb, "old", "", "the package to install first")
	flag.StringVar(&s.newDeb, "new", "", "the package to upgrade to")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := s.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "installed: %v\n", err)
		os.Exit(1)
	}
}

// run boots the machine, goes through the steps and shuts the machine down.
func (s *site) run(ctx context.Context) (err error) {
	if s.root == "" || s.oldDeb == "" || s.newDeb == "" {
		return errors.New("-root, -old and -new are required; scripts/test-install has them")
	}
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	if err := s.prepare(); err != nil {
		return err
	}
	r := &report{out: os.Stdout}
	if !r.step(ctx, "boot", s.boot) {
		return errors.New("the machine does not boot")
	}
	defer func() { err = errors.Join(err, s.machine.stop()) }()
	for _, step := range s.steps() {
		if !r.step(ctx, step.name, step.do) {
			fmt.Fprint(r.out, s.machine.lastLines())
		}
	}
	for _, v := range s.visitors {
		v.leave()
	}
	r.tables(s)
	return r.err()
}
