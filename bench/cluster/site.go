package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// site is nodes that run.
type site struct{ nodes []*child }

// child is a process that is a node.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	asks    *json.Encoder
	answers *json.Decoder
}

// start empties Redis and starts nodes.
func (b *bench) start(ctx context.Context, r row) (*site, error) {
	if err := b.server.flush(ctx); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "nodes-")
	if err != nil {
		return nil, err
	}
	s := new(site)
	for range r.nodes {
		c, err := startChild(ctx)
		if err != nil {
			s.end()
			return nil, err
		}
		s.nodes = append(s.nodes, c)
	}
	for i, c := range s.nodes {
		q := question{Ask: "start", URL: b.server.url, Dir: dir, Node: i, Nodes: r.nodes, Waiting: r.waiting, Workers: r.workers, Alike: r.alike}
		if err := c.asks.Encode(q); err != nil {
			s.end()
			return nil, err
		}
	}
	if _, err := s.hear(); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

func startChild(ctx context.Context) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, program, "node")}
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in, c.asks, c.answers = in, json.NewEncoder(in), json.NewDecoder(out)
	return c, c.cmd.Start()
}

// ask asks all nodes at the same time.
func (s *site) ask(q question) ([]answer, error) {
	for _, c := range s.nodes {
		if err := c.asks.Encode(q); err != nil {
			return nil, err
		}
	}
	return s.hear()
}

func (s *site) hear() (answers []answer, err error) {
	for i, c := range s.nodes {
		var a answer
		if err := c.answers.Decode(&a); err != nil {
			return nil, fmt.Errorf("%s: %w", name(i), err)
		}
		if a.Error != "" {
			return nil, fmt.Errorf("%s: %s", name(i), a.Error)
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// end ends the nodes.
func (s *site) end() {
	for _, c := range s.nodes {
		c.in.Close()
	}
	for _, c := range s.nodes {
		_ = c.cmd.Wait()
	}
}
