package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/joingyd/joingyd/bench/markdown"
)

// whole is the table of what an operator sees of the daemon's program: a list
// imported, a start with and without it.
func (b *bench) whole(ctx context.Context, list string) error {
	table := markdown.NewTable(b.out, "joingyd", "s", "lines/s", "RSS, MiB", "file, MiB")
	full, empty := filepath.Join(b.dir, "full"), filepath.Join(b.dir, "empty")
	if err := errors.Join(os.Mkdir(full, 0o700), os.Mkdir(empty, 0o700)); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, b.joingyd, "bans", "import", list, "--offline", "--data-dir", full)
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w", cmd.Args, err)
	}
	took := time.Since(start)
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	info, err := os.Stat(filepath.Join(full, "joingyd.db"))
	if err != nil {
		return err
	}
	table.Row(fmt.Sprintf("imports %d lines", b.bans), fmt.Sprintf("%.1f", took.Seconds()), fmt.Sprintf("%.0f", float64(b.bans)/took.Seconds()),
		fmt.Sprintf("%d at most", peak>>10), fmt.Sprint(info.Size()>>20))
	for _, s := range []struct{ name, dir string }{{"starts with no bans", empty}, {"starts with those bans", full}} {
		took, rss, err := b.start(ctx, s.dir)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		table.Row(s.name, fmt.Sprintf("%.2f", took.Seconds()), "", fmt.Sprint(rss>>10), "")
	}
	return nil
}

// start runs the daemon until it is ready. rss is in KiB, a moment later.
func (b *bench) start(ctx context.Context, dir string) (took time.Duration, rss int, err error) {
	cmd := exec.CommandContext(ctx, b.joingyd, "serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--admin-metrics-listen", "")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if took = time.Since(start); err != nil && !errors.Is(err, io.EOF) || !strings.Contains(line, "ready") {
		return took, 0, fmt.Errorf("it is not ready: %q, %v", line, err)
	}
	time.Sleep(2 * time.Second) // the memory of the start goes back to the system meanwhile
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return took, 0, err
	}
	for text := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(text, "VmRSS:"); found {
			rss, err = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		}
	}
	return took, rss, err
}
