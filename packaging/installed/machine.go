package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// machine is a Debian that runs in a container.
type machine struct {
	root    string
	nspawn  *exec.Cmd
	ended   chan error // of nspawn
	leader  string     // the PID of its systemd
	console bytes.Buffer
}

// startMachine boots what is in root, with no network but loopback.
func startMachine(ctx context.Context, root string) (*machine, error) {
	m := &machine{root: root, ended: make(chan error, 1)}
	m.nspawn = exec.Command("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network",
		"--machine=joingyd-test", "--console=pipe", "--link-journal=no", "--directory="+root)
	m.nspawn.Stdout, m.nspawn.Stderr = &m.console, &m.console
	if err := m.nspawn.Start(); err != nil {
		return nil, fmt.Errorf("systemd-nspawn: %w; apt install systemd-container", err)
	}
	go func() { m.ended <- m.nspawn.Wait() }()
	for m.leader == "" {
		if err := m.pause(ctx); err != nil {
			return nil, errors.Join(err, m.stop())
		}
		m.leader = childCalled(m.nspawn.Process.Pid, "systemd")
	}
	for {
		state, _ := m.run(ctx, "systemctl is-system-running")
		if state = strings.TrimSpace(state); state == "running" || state == "degraded" {
			return m, nil
		}
		if err := m.pause(ctx); err != nil {
			return nil, errors.Join(err, m.stop())
		}
	}
}

// pause waits a little, as long as the machine runs.
func (m *machine) pause(ctx context.Context) error {
	select {
	case err := <-m.ended:
		m.ended <- err
		return fmt.Errorf("systemd-nspawn ended (%w): %s", err, m.console.String())
	default:
	}
	return pause(ctx)
}

// pause waits a little between two looks.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return nil
	}
}

// until looks again and again until there is no error, and returns the last one if
// there was one to the end.
func until(ctx context.Context, look func() error) error {
	for {
		err := look()
		if err == nil {
			return nil
		}
		if late := pause(ctx); late != nil {
			return fmt.Errorf("%w: %w", late, err)
		}
	}
}

// childCalled returns the PID of a process's child by its name, or "".
func childCalled(parent int, name string) string {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	for child := range strings.FieldsSeq(string(children)) {
		comm, _ := os.ReadFile("/proc/" + child + "/comm")
		if strings.TrimSpace(string(comm)) == name {
			return child
		}
	}
	return ""
}

// stop ends the machine at once: nothing of it is kept.
func (m *machine) stop() error {
	if pid, err := strconv.Atoi(m.leader); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	} else {
		_ = m.nspawn.Process.Kill()
	}
	select {
	case <-m.ended:
		return nil
	case <-time.After(10 * time.Second):
		_ = m.nspawn.Process.Kill()
		return errors.New("systemd-nspawn had to be killed")
	}
}

// run runs a shell's lines in the machine as root, and returns what they print.
func (m *machine) run(ctx context.Context, script string) (string, error) {
	cmd := exec.CommandContext(ctx, "nsenter", "--target", m.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
		"env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb",
		"DEBIAN_FRONTEND=noninteractive", "SYSTEMD_PAGER=", "sh", "-c", script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", script, err, strings.TrimSpace(string(out)))
	}
	return string(out), err
}

// show returns properties of a unit.
func (m *machine) show(ctx context.Context, unit string, names ...string) (map[string]string, error) {
	out, err := m.run(ctx, "systemctl show --property="+strings.Join(names, ",")+" "+unit)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string)
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	return values, nil
}

// write writes a file into the machine.
func (m *machine) write(path, text string, mode os.FileMode) error {
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(text), mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// lastLines is what the service's log said last.
func (m *machine) lastLines() string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := m.run(ctx, "journalctl --no-pager -n 25 -u joingyd.service -u joingyd.socket")
	if err != nil {
		return err.Error() + "\n"
	}
	return out
}
