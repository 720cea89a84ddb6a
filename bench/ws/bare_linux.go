package main

import "context"

// bareServer is the bare server's child process.
type bareServer struct {
	*process
	address string
}

func startBareServer(ctx context.Context) (*bareServer, error) {
	p, ready, err := startChild(ctx, "bare")
	if err != nil {
		return nil, err
	}
	return &bareServer{p, ready.Addr}, nil
}

func (b *bareServer) url() string { return "http://" + b.address }

func (b *bareServer) memory() (m memory, err error) {
	a, err := b.ask(question{Ask: "memory"})
	if err != nil {
		return m, err
	}
	m = *a.Memory
	return m, m.readProc(b.pid())
}
