package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const centrifugoStart = 20 * time.Second // to get ready

// centrifugo is a Centrifugo that anybody may connect to, else on its defaults.
type centrifugo struct {
	*process
	dir     string
	address string
}

func startCentrifugo(ctx context.Context, program string) (_ *centrifugo, err error) {
	c := &centrifugo{}
	if c.dir, err = os.MkdirTemp("", "bench-ws-"); err != nil {
		return nil, err
	}
	configuration, err := c.configure()
	if err == nil {
		c.process = &process{name: "centrifugo", cmd: exec.CommandContext(ctx, program, "-c", configuration)}
		err = start(c.cmd)
	}
	if err != nil {
		os.RemoveAll(c.dir)
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	if err := c.ready(ctx); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

// configure writes the configuration, with a port that was free a moment ago.
func (c *centrifugo) configure() (file string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	c.address = listener.Addr().String()
	listener.Close()
	type section = map[string]any
	text, err := json.Marshal(section{
		"http_server": section{"address": "127.0.0.1", "port": listener.Addr().(*net.TCPAddr).Port},
		"client":      section{"allow_anonymous_connect_without_token": true, "allowed_origins": []string{"*"}},
		"prometheus":  section{"enabled": true},
		"health":      section{"enabled": true},
		"log":         section{"level": "error"},
	})
	if err != nil {
		return "", err
	}
	file = filepath.Join(c.dir, "config.json")
	return file, os.WriteFile(file, text, 0o600)
}

// ready waits until it answers.
func (c *centrifugo) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, centrifugoStart)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		response, err := http.Get("http://" + c.address + "/health")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("centrifugo did not get ready: %w", context.Cause(ctx))
		}
	}
}

func (c *centrifugo) url() string { return "http://" + c.address }

func (c *centrifugo) memory() (m memory, err error) {
	if err := m.readMetrics(c.url() + "/metrics"); err != nil {
		return m, err
	}
	return m, m.readProc(c.pid())
}

func (c *centrifugo) stop() {
	c.process.stop()
	os.RemoveAll(c.dir)
}
