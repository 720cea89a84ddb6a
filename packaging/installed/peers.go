package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// peer is a package with a service, and what it takes.
type peer struct {
	name, version      string
	fetched, installed int64         // bytes of the package alone, without what it depends on
	memory             int64         // resident, bytes
	start              time.Duration // from systemctl start until it is active
	exposure           string        // of systemd-analyze security
}

// settle is how long a service may do what it does after its start, before its memory is
// looked at.
const settle = 3 * time.Second

// sizes is what scripts/test-install noted of the packages: name and bytes to fetch.
const sizes = "/peers"

// compare measures joingyd's package and Debian's of the same kinds. They have the same
// ports, so that one after the other runs.
func (s *site) compare(ctx context.Context) (string, error) {
	if _, err := s.setUp(ctx); err != nil {
		return "", err
	}
	own, err := s.machine.measure(ctx, "joingyd")
	if err != nil {
		return "", err
	}
	info, err := os.Stat(s.newDeb)
	if err != nil {
		return "", err
	}
	own.fetched = info.Size()
	s.own = own
	if _, err := s.machine.run(ctx, "systemctl stop joingyd.socket joingyd.service"); err != nil {
		return "", err
	}
	text, err := s.machine.run(ctx, "cat "+sizes)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		name, size, _ := strings.Cut(strings.TrimSpace(line), " ")
		p, err := s.machine.measure(ctx, name)
		if err != nil {
			return "", err
		}
		if p.fetched, err = strconv.ParseInt(size, 10, 64); err != nil {
			return "", err
		}
		s.peers = append(s.peers, p)
		if _, err := s.machine.run(ctx, "systemctl stop "+name); err != nil {
			return "", err
		}
	}
	return "", nil
}

// measure starts the service of a package anew.
func (m *machine) measure(ctx context.Context, name string) (p peer, err error) {
	p.name = name
	out, err := m.run(ctx, "dpkg-query -W -f '${Version} ${Installed-Size}' "+name+" && systemctl stop "+name+" && systemctl start "+name)
	if err != nil {
		return p, err
	}
	if _, err := fmt.Sscan(out, &p.version, &p.installed); err != nil {
		return p, fmt.Errorf("%q: %w", out, err)
	}
	p.installed *= 1024
	state, err := m.show(ctx, name+".service", "MainPID", "InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")
	if err != nil {
		return p, err
	}
	began, err1 := strconv.ParseInt(state["InactiveExitTimestampMonotonic"], 10, 64)
	active, err2 := strconv.ParseInt(state["ActiveEnterTimestampMonotonic"], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return p, err
	}
	p.start = time.Duration(active-began) * time.Microsecond
	select {
	case <-ctx.Done():
		return p, ctx.Err()
	case <-time.After(settle):
	}
	if out, err = m.run(ctx, "awk '/^VmRSS:/ { print $2 }' /proc/"+state["MainPID"]+"/status"); err != nil {
		return p, err
	}
	if _, err := fmt.Sscan(out, &p.memory); err != nil {
		return p, fmt.Errorf("VmRSS %q: %w", out, err)
	}
	p.memory *= 1024
	p.exposure, err = m.exposure(ctx, name+".service")
	return p, err
}

// exposure returns systemd's score for a unit, from 0 to 10.
func (m *machine) exposure(ctx context.Context, unit string) (string, error) {
	out, err := m.run(ctx, "systemd-analyze security --no-pager "+unit+" | grep 'Overall exposure level'")
	if err != nil {
		return "", err
	}
	_, score, _ := strings.Cut(out, ": ")
	score, _, _ = strings.Cut(score, " ")
	return score, nil
}
