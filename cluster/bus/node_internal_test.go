package bus

import (
	"context"
	"sync"
	"testing"
)

// join starts a node.
func join(t *testing.T, w wire, opts Options) (b *Bus, leave func()) {
	t.Helper()
	opts.Key = testKey
	b, err := newBus(opts, w)
	if err != nil {
		t.Fatal(err)
	}
	return b, run(t, b)
}

// run runs a bus until leave is called.
func run(t testing.TB, b *Bus) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	leave = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(leave)
	return leave
}

// node is a bus that writes a history.
func node(t *testing.T, w wire, h *history, name string, change ...func(*Options)) (*Bus, func()) {
	t.Helper()
	var b *Bus
	made := make(chan struct{})
	opts := Options{Node: name, Key: testKey}
	h.listen(&opts, func() Peer { <-made; return b.Self() })
	for _, f := range change {
		f(&opts)
	}
	b, err := newBus(opts, w)
	if err != nil {
		t.Fatal(err)
	}
	close(made)
	return b, run(t, b)
}
