package trial_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cluster/redistest"
)

const startTime = time.Minute // the machine may be busy

// node is a daemon, on the same ports and data each time that it starts.
type node struct {
	t       *testing.T
	name    string
	program string
	role    string
	clock   int              // seconds that its clock is off
	proxy   *redistest.Proxy // its way to Redis; nil with Sentinel

	dir, settings, socket, log string // paths
	listen, metrics            string // HOST:PORT

	cmd    *exec.Cmd
	ended  chan struct{}
	up     atomic.Bool // it runs, and was not told to end
	halted atomic.Bool // SIGSTOP
}

func newNode(t *testing.T, name, program string) *node {
	t.Helper()
	dir, err := os.MkdirTemp("", "joingyd-") // a socket's path may not be long
	if err != nil {
		t.Fatal(err)
	}
	n := &node{
		t: t, name: name, program: program, role: "all", dir: filepath.Join(dir, "data"), settings: filepath.Join(dir, "joingyd.yaml"),
		socket: filepath.Join(dir, "socket"), log: filepath.Join(dir, "log"),
		listen: redistest.FreeAddr(t), metrics: redistest.FreeAddr(t),
	}
	if err := os.Mkdir(n.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.kill()
		if !t.Failed() {
			os.RemoveAll(dir)
		} else {
			t.Logf("%s: log and data are in %s", name, dir)
		}
	})
	return n
}

// configure writes its settings.
func (n *node) configure(redis string) {
	n.t.Helper()
	relay := ""
	if n.role != "edge" {
		relay = fmt.Sprintf("turn: {listen: [%q], public_host: localhost}\n", redistest.FreeAddr(n.t))
	}
	text := relay + fmt.Sprintf("http: {listen: %q}\nadmin: {socket: %q, metrics_listen: %q}\ncluster: {redis: %q, node: %s, role: %s}\n",
		n.listen, n.socket, n.metrics, redis, n.name, n.role)
	if err := os.WriteFile(n.settings, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// start runs the daemon and waits until it is ready.
func (n *node) start() {
	n.t.Helper()
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(n.program, "serve", "--data-dir", n.dir, "--config", n.settings)
	cmd.Stderr = log
	cmd.Env = append(os.Environ(), "TRIAL_CLOCK="+strconv.Itoa(n.clock))
	out, err := cmd.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := redistest.StartTied(cmd); err != nil {
		n.t.Fatal(err)
	}
	ready := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		lines := bufio.NewReader(out)
		line, _ := lines.ReadString('\n')
		ready <- line
		for line != "" {
			line, _ = lines.ReadString('\n')
		}
		cmd.Wait() //nolint:errcheck // how it ends is asked elsewhere
		close(ended)
	}()
	n.cmd, n.ended = cmd, ended
	select {
	case line := <-ready:
		if line == "" {
			<-ended
			text, _ := os.ReadFile(n.log)
			n.t.Fatalf("%s ended: %s", n.name, text)
		}
	case <-time.After(startTime):
		n.t.Fatalf("%s does not get ready", n.name)
	}
	n.up.Store(true)
}

// kill ends the daemon as kill -9 does, if it runs.
func (n *node) kill() {
	n.up.Store(false)
	if n.cmd != nil {
		n.cmd.Process.Kill() //nolint:errcheck // it may have ended
		<-n.ended
		n.halted.Store(false)
	}
}

// stop asks the daemon to end, and waits until it has.
func (n *node) stop() {
	n.t.Helper()
	n.up.Store(false)
	n.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it runs
	select {
	case <-n.ended:
	case <-time.After(startTime):
		n.t.Errorf("%s does not end", n.name)
		n.kill()
	}
}

// crashed returns the end of the log if the daemon ended though nobody told it to.
func (n *node) crashed() (log string, yes bool) {
	select {
	case <-n.ended:
	default:
		return "", false
	}
	text, _ := os.ReadFile(n.log)
	return string(text[max(0, len(text)-3000):]), n.up.Load()
}

// apart returns when the daemon took Redis for slow or down, in times since start.
func (n *node) apart(start time.Time) (list []span) {
	text, err := os.ReadFile(n.log)
	if err != nil {
		n.t.Fatal(err)
	}
	var since time.Duration
	is := false
	for line := range strings.Lines(string(text)) {
		clock, rest, _ := strings.Cut(strings.TrimPrefix(line, "time="), " ")
		at, err := time.Parse(time.RFC3339, clock)
		if err != nil {
			continue // not ours
		}
		now := at.Add(-time.Duration(n.clock) * time.Second).Sub(start)
		switch {
		case strings.Contains(rest, "redis is slow") || strings.Contains(rest, "redis is down"):
			if !is {
				since, is = now, true
			}
		case is && (strings.Contains(rest, "redis is up") || strings.Contains(rest, "msg=started")):
			list, is = append(list, span{since, now}), false
		}
	}
	return list
}

// halt stops the process (SIGSTOP), or has it go on.
func (n *node) halt(on bool) {
	signal := syscall.SIGCONT
	if on {
		signal = syscall.SIGSTOP
	}
	n.halted.Store(on)
	n.cmd.Process.Signal(signal) //nolint:errcheck // it runs
}

func (n *node) isUp() bool { return n.up.Load() && !n.halted.Load() }

// ask asks the daemon over its control API. What it cannot be asked is an error: it may be
// down.
func (n *node) ask(question func(context.Context, *admin.Client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := admin.Connect(ctx, n.socket)
	if err != nil {
		return err
	}
	return question(ctx, c)
}

// scrape returns the daemon's metrics; nil if it does not answer.
func (n *node) scrape() map[string]float64 {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get("http://" + n.metrics + "/metrics")
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	values := map[string]float64{}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if name, text, ok := strings.Cut(lines.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			values[name], _ = strconv.ParseFloat(text, 64)
		}
	}
	return values
}

// metric returns one of them; -1 if the daemon does not answer or has none of that name.
func (n *node) metric(name string) float64 {
	if value, there := n.scrape()[name]; there {
		return value
	}
	return -1
}

func (n *node) await(what string, is func() bool) {
	n.t.Helper()
	until(n.t, what+" at "+n.name, is)
}

// until waits until something is so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(startTime); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
