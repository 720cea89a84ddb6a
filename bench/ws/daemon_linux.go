package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// server is what the visitors connect to.
type server interface {
	url() string
	pid() int
	memory() (memory, error)
	stop()
}

// daemon is `joingyd serve`, on its defaults but for addresses and data.
type daemon struct {
	*process
	dir     string
	site    string // its URL
	metrics string // address
}

var readyLine = regexp.MustCompile(`ready: open (http://\S+) .*metrics (\S+)\)`)

func startDaemon(ctx context.Context, program string) (_ *daemon, err error) {
	d := &daemon{}
	if d.dir, err = os.MkdirTemp("", "bench-ws-"); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "serve", "--data-dir", d.dir, "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0",
		"--admin-metrics-listen", "127.0.0.1:0", "--log-level", "warn")
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "JOINGYD_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = start(cmd)
	}
	if err != nil {
		os.RemoveAll(d.dir)
		return nil, fmt.Errorf("%s: %w; build it with make build, or name another with -daemon", program, err)
	}
	d.process = &process{name: "joingyd", cmd: cmd}
	line, err := bufio.NewReader(out).ReadString('\n')
	found := readyLine.FindStringSubmatch(line)
	if err != nil || found == nil {
		d.stop()
		return nil, errors.Join(err, fmt.Errorf("joingyd did not get ready: %q", line))
	}
	d.site, d.metrics = found[1], found[2]
	return d, nil
}

func (d *daemon) url() string { return d.site }

func (d *daemon) memory() (m memory, err error) {
	if err := m.readMetrics("http://" + d.metrics + "/metrics"); err != nil {
		return m, err
	}
	return m, m.readProc(d.pid())
}

func (d *daemon) stop() {
	d.process.stop()
	os.RemoveAll(d.dir)
}
