package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// process is a child of ours, or the daemon.
type process struct {
	name      string
	cmd       *exec.Cmd
	questions io.WriteCloser
	answers   *json.Decoder
}

// start starts cmd, to be killed with this process. The caller's goroutine must
// be locked to the main thread.
func start(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return cmd.Start()
}

// startChild starts this program again as one of its parts, and returns it with
// its first answer. It is killed when ctx ends.
func startChild(ctx context.Context, name string, args ...string) (*process, answer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, answer{}, err
	}
	p := &process{name: name, cmd: exec.CommandContext(ctx, program, append([]string{"child", name}, args...)...)}
	if p.questions, err = p.cmd.StdinPipe(); err != nil {
		return nil, answer{}, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, answer{}, err
	}
	p.answers = json.NewDecoder(out)
	if err := start(p.cmd); err != nil {
		return nil, answer{}, err
	}
	ready, err := p.answer()
	if err != nil {
		p.stop()
		return nil, answer{}, err
	}
	return p, ready, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) answer() (a answer, err error) {
	if err = p.answers.Decode(&a); err != nil {
		return a, fmt.Errorf("%s: %w", p.name, err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

// ask asks a child of ours and waits for the answer.
func (p *process) ask(q question) (answer, error) {
	if err := json.NewEncoder(p.questions).Encode(q); err != nil {
		return answer{}, fmt.Errorf("%s: %w", p.name, err)
	}
	return p.answer()
}

// stop kills the process and waits for it.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}
