package bus_test

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/rueidis"

	"github.com/joingyd/joingyd/cluster/bus"
)

func Example() {
	ctx := context.Background()
	var client rueidis.Client // of a redis.Conn
	var key []byte            // the cluster's

	b, err := bus.New(bus.Options{
		Client: client, Node: "fra-1", Key: key, Logger: slog.Default(),
		Handler: func(from bus.Peer, kind uint8, payload []byte) {
			slog.Info("heard", "from", from, "kind", kind, "bytes", len(payload))
		},
		Gap: func(from bus.Peer) { slog.Info("what was agreed with it has to be said again", "node", from) },
		Answer: func(_ context.Context, _ bus.Peer, _ uint8, question []byte) ([]byte, error) {
			return append([]byte("you said "), question...), nil
		},
	})
	if err != nil {
		slog.Error("no bus", "error", err)
		return
	}
	go func() { _ = b.Run(ctx) }() // in the daemon's group

	if err := b.Send("fra-2", 1, []byte("hello")); err != nil {
		slog.Warn("lost", "error", err)
	}
	asking, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if answer, err := b.Ask(asking, "fra-2", 2, []byte("are you there?")); err == nil {
		slog.Info("answered", "answer", string(answer))
	}
}
