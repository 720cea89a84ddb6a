package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

// server is a redis-server of ours, and a connection to it.
type server struct {
	cmd  *exec.Cmd
	conn *redis.Conn
	url  string
}

// startServer starts a redis-server that keeps nothing, on a free port of 127.0.0.1.
func startServer(ctx context.Context, dir string) (*server, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("no redis-server: run scripts/install-test-deps, or apt-get install redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	s := &server{url: "redis://" + addr.String()}
	s.cmd = exec.Command(program, "--port", strconv.Itoa(addr.Port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", dir)
	var output bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &output, &output
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if s.conn, err = redis.Dial(ctx, redis.Options{URL: s.url}, nil); err != nil {
			break
		}
		if s.conn.State() == redis.Up {
			return s, nil
		}
		s.conn.Close()
		time.Sleep(50 * time.Millisecond)
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return nil, fmt.Errorf("redis-server does not answer: %v, %s", err, strings.TrimSpace(output.String()))
}

// end ends the server.
func (s *server) end() {
	s.conn.Close()
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// spent is what Redis says that it has spent so far.
type spent struct {
	cpu     time.Duration
	scripts int64
	script  time.Duration // in them
	in, out int64         // bytes
	memory  int64
	version string
}

// patiently does something again while the machine is so busy that Redis counts as down.
func patiently(do func() error) (err error) {
	for range 300 {
		if err = do(); !errors.Is(err, redis.ErrDown) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// flush empties the server, before it returns: what is freed later would be counted as less held.
func (s *server) flush(ctx context.Context) error {
	client := s.conn.Client()
	return patiently(func() error { return client.Do(ctx, client.B().Flushall().Sync().Build()).Error() })
}

// spent reads INFO.
func (s *server) spent(ctx context.Context) (spent, error) {
	client := s.conn.Client()
	var text string
	err := patiently(func() (err error) {
		text, err = client.Do(ctx, client.B().Info().Section("everything").Build()).ToString()
		return err
	})
	if err != nil {
		return spent{}, err
	}
	fields := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields[name] = value
	}
	number := func(text string) float64 {
		n, _ := strconv.ParseFloat(text, 64)
		return n
	}
	now := spent{
		cpu:     time.Duration((number(fields["used_cpu_user"]) + number(fields["used_cpu_sys"])) * float64(time.Second)),
		in:      int64(number(fields["total_net_input_bytes"])),
		out:     int64(number(fields["total_net_output_bytes"])),
		memory:  int64(number(fields["used_memory"])),
		version: fields["redis_version"],
	}
	for _, command := range []string{"cmdstat_evalsha", "cmdstat_eval"} {
		for part := range strings.SplitSeq(fields[command], ",") {
			switch name, value, _ := strings.Cut(part, "="); name {
			case "calls":
				now.scripts += int64(number(value))
			case "usec":
				now.script += time.Duration(number(value)) * time.Microsecond
			}
		}
	}
	return now, nil
}

// since returns what was spent since then. Memory is what is held more.
func (s spent) since(then spent) spent {
	return spent{s.cpu - then.cpu, s.scripts - then.scripts, s.script - then.script, s.in - then.in, s.out - then.out, s.memory - then.memory, s.version}
}
