package redistest

import (
	"testing"

	"github.com/joingyd/joingyd/cluster/redis"
)

// Dial connects to a server of a test that is not about how Redis is, patiently, and
// returns when it is up. The end of the test closes the connection.
func Dial(t testing.TB, opts redis.Options) *redis.Conn {
	t.Helper()
	opts.Patient()
	c, err := redis.Dial(t.Context(), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	until(t, "redis is up", func() bool { return c.State() == redis.Up })
	return c
}
