package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// server is a running server under test.
type server struct {
	name      string
	addr      netip.AddrPort
	note      string
	cmd       *exec.Cmd
	dir       string         // coturn's, removed with it; else empty
	questions io.WriteCloser // nil: coturn
	answers   *json.Decoder
}

// startServer starts a server on a core, in the calling thread's network
// namespace. The caller's goroutine must be locked to the main thread: the
// server is killed when that ends.
func startServer(name string, addr netip.AddrPort, core int, offload string) (*server, error) {
	s := &server{name: name, addr: addr}
	err := s.prepare(offload)
	if err == nil {
		s.cmd.Stderr = os.Stderr
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
		err = onCore(core, s.cmd.Start)
	}
	if err == nil {
		err = s.ready()
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return s, nil
}

func (s *server) prepare(offload string) error {
	if s.name == "coturn" {
		return s.prepareCoturn()
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(program, "child", s.name, s.addr.String(), offload)
	if s.questions, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := s.cmd.StdoutPipe()
	s.answers = json.NewDecoder(out)
	return err
}

// prepareCoturn configures coturn for speed: plain UDP only, one relay thread for
// the one core, no log, no database look-ups, no quotas.
func (s *server) prepareCoturn() (err error) {
	if s.dir, err = os.MkdirTemp("", "bench-relay-coturn-"); err != nil {
		return err
	}
	ip := s.addr.Addr().String()
	s.cmd = exec.Command("turnserver", "-n", "--relay-threads=1",
		"--listening-ip="+ip, "--relay-ip="+ip, "--listening-port="+strconv.Itoa(int(s.addr.Port())),
		"--min-port=20000", "--max-port=60999", "--allow-loopback-peers",
		"--no-tls", "--no-dtls", "--no-tcp", "--no-tcp-relay", "--no-cli", "--no-rfc5780", "--no-stun-backward-compatibility",
		"--lt-cred-mech", "--realm="+staticRealm, "--user="+staticUser+":"+staticPassword,
		"--no-auth-pings", "--no-dynamic-ip-list", "--no-dynamic-realms", "--userdb="+s.dir+"/db",
		"--log-file=/dev/null", "--no-stdout-log", "--simple-log", "--pidfile="+s.dir+"/pid")
	s.cmd.Dir = s.dir
	return nil
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// ready waits until the server answers.
func (s *server) ready() error {
	if s.questions != nil {
		a, err := s.answer()
		s.note = a.Note
		return err
	}
	conn, err := net.Dial("udp4", s.addr.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	const binding = 0x0001
	request, answer := appendRequest(nil, binding, transactionID{}), make([]byte, outSlot)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		conn.Write(request)
		if _, err := conn.Read(answer); err == nil {
			return nil
		}
	}
	return errors.New("no answer to a binding request within 10 s")
}

func (s *server) answer() (a answer, err error) {
	if err = s.answers.Decode(&a); err != nil {
		return a, fmt.Errorf("%s: %w", s.name, err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

// ask asks a child; coturn answers nothing and has no error.
func (s *server) ask(q question) (answer, error) {
	if s.questions == nil {
		return answer{}, nil
	}
	if err := json.NewEncoder(s.questions).Encode(q); err != nil {
		return answer{}, fmt.Errorf("%s: %w", s.name, err)
	}
	return s.answer()
}

// admit gets credentials for the clients, of which neighbours will be pairs. It
// asks for few at a time, so that the child holds no long answer.
func (s *server) admit(clients []*client) error {
	const chunk = 200
	for len(clients) > 0 {
		some := clients[:min(chunk, len(clients))]
		clients = clients[len(some):]
		credentials := staticCredentials(len(some))
		if s.questions != nil {
			sources := make([]netip.Addr, len(some))
			for i, c := range some {
				sources[i] = netip.AddrFrom4(c.addr)
			}
			a, err := s.ask(question{Ask: "sessions", Sources: sources})
			if err != nil {
				return err
			}
			credentials = a.Credentials
		}
		if len(credentials) != len(some) {
			return fmt.Errorf("%s: %d credentials for %d clients", s.name, len(credentials), len(some))
		}
		for i, c := range some {
			c.username, c.password = credentials[i].Username, credentials[i].Password
		}
	}
	return nil
}

// stop kills the server and waits for it.
func (s *server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}
