package nodes

import (
	"context"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

// Hurry makes tests short.
func (o *Options) Hurry() {
	o.pace = pace{beat: 50 * time.Millisecond, silence: 800 * time.Millisecond, life: 2 * time.Second}
}

// Kill ends a node as a crash does: without a word.
func (r *Registry) Kill() {
	r.unwatch()
	r.stop()
	<-r.done
}

// Write writes a record, of whomever, as one of another node's.
func Write(t testing.TB, conn *redis.Conn, clusterKey [32]byte, n Node, counter uint64) {
	t.Helper()
	client := conn.Client()
	key := nodeKey(n.Name)
	value := newCodec(clusterKey).encode(key, record{Node: n, Counter: counter})
	for _, reply := range client.DoMulti(context.Background(),
		client.B().Set().Key(key).Value(value).Px(time.Minute).Build(),
		client.B().Sadd().Key(namesKey).Member(n.Name).Build()) {
		if err := reply.Error(); err != nil {
			t.Fatal(err)
		}
	}
}
