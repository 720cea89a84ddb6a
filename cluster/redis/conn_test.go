package redis_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// dial dials, and closes at the end of the test. What is up may not be yet: the machine is
// busy.
func dial(t *testing.T, opts redis.Options) *redis.Conn {
	t.Helper()
	c, err := redis.Dial(t.Context(), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// hurry is dial at a pace for tests of states.
func hurry(t *testing.T, opts redis.Options) *redis.Conn {
	t.Helper()
	opts.Hurry()
	return dial(t, opts)
}

// watch returns the states as they come.
func watch(c *redis.Conn) (<-chan redis.State, func()) {
	states := make(chan redis.State, 100)
	return states, c.Watch(func(s redis.State) { states <- s })
}

// await waits for a state.
func await(t *testing.T, states <-chan redis.State, want redis.State) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case got := <-states:
			if got == want {
				return
			}
		case <-timeout:
			t.Fatalf("waited in vain for the state %v", want)
		}
	}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// sets writes a key, in as many tries as a busy machine needs.
func sets(t *testing.T, c *redis.Conn, key string) {
	t.Helper()
	eventually(t, "a key is written", func() bool { return set(t, c, key) == nil })
}

// set writes a key.
func set(t *testing.T, c *redis.Conn, key string) error {
	t.Helper()
	ctx, cancel := c.Context(t.Context())
	defer cancel()
	return c.Client().Do(ctx, c.Client().B().Set().Key(key).Value("1").Build()).Error()
}

func TestDial(t *testing.T) {
	server := redistest.Shared(t)
	c := redistest.Dial(t, redis.Options{URL: server.URL() + "/3", Name: "joingyd-a"})
	if c.Err() != nil {
		t.Fatalf("after Dial: %v; want up", c.Err())
	}
	if err := set(t, c, "joingy:x"); err != nil {
		t.Fatal(err)
	}
	if got := server.Info(t, "db3"); !strings.HasPrefix(got, "keys=") {
		t.Errorf("database 3 has %q, want the key there", got)
	}
	if got := server.Do(t, "CLIENT", "LIST"); !strings.Contains(got, "name=joingyd-a ") {
		t.Errorf("no connection is called joingyd-a: %s", got)
	}
	if s := c.Stats(); s.Calls != 1 || s.Refused != 0 || s.Probes == 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestDialErrors(t *testing.T) {
	for _, opts := range []redis.Options{{}, {URL: "http://a"}, {URL: "rediss://a", CA: []byte("no certificate")}} {
		if c, err := redis.Dial(t.Context(), opts, nil); err == nil {
			c.Close()
			t.Errorf("%+v: no error", opts)
		}
	}
}

func TestUser(t *testing.T) {
	server := redistest.Shared(t)
	server.Do(t, "ACL", "SETUSER", "joingy", "reset", "on", ">secret", "~joingy:*", "+@all", "-@admin", "-@dangerous")
	c := dial(t, redis.Options{URL: server.URL(), User: "joingy", Password: "secret"})
	eventually(t, "up with the right password", func() bool { return c.State() == redis.Up })
	c = dial(t, redis.Options{URL: server.URL(), User: "joingy", Password: "wrong"})
	eventually(t, "down with a wrong password, and why", func() bool {
		return strings.Contains(c.Err().Error(), "WRONGPASS") && strings.Contains(c.Err().Error(), "cluster.password_file")
	})
}

// TestDownAndBack has three ways to be gone.
func TestDownAndBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server.Addr())
	for _, tt := range []struct {
		name       string
		gone, back func(*redistest.Server, *redistest.Proxy)
	}{
		{"killed", func(s *redistest.Server, _ *redistest.Proxy) { s.Kill() }, func(s *redistest.Server, _ *redistest.Proxy) { s.Restart(t) }},
		{"stopped", func(s *redistest.Server, _ *redistest.Proxy) { s.Stop(t) }, func(s *redistest.Server, _ *redistest.Proxy) { s.Continue(t) }},
		{"cut off", func(_ *redistest.Server, p *redistest.Proxy) { p.Blackhole(true) }, func(_ *redistest.Server, p *redistest.Proxy) { p.Blackhole(false) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := hurry(t, redis.Options{URL: proxy.URL()})
			states, stop := watch(c)
			defer stop()
			stopped, stop := watch(c)
			stop()
			await(t, states, redis.Up)
			tt.gone(server, proxy)
			await(t, states, redis.Down)
			if err := set(t, c, "joingy:x"); !errors.Is(err, redis.ErrDown) {
				t.Errorf("while down: %v, want ErrDown", err)
			}
			if c.Err() == nil && c.Stats().Answer == 0 {
				t.Error("nothing says why it is down")
			}
			tt.back(server, proxy)
			await(t, states, redis.Up)
			sets(t, c, "joingy:x")
			if s := c.Stats(); s.Downs == 0 || s.Refused == 0 {
				t.Errorf("stats: %+v, want it down, one call refused", s)
			}
			if len(stopped) != 1 {
				t.Errorf("a watcher that was stopped was told %d states, want the one at its beginning", len(stopped))
			}
		})
	}
}

// TestStartsDown starts before Redis does: the client that was handed out works then.
func TestStartsDown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	c := hurry(t, redis.Options{URL: server.URL()})
	client := c.Client()
	states, stop := watch(c)
	defer stop()
	if c.State() != redis.Down || c.Err() == nil {
		t.Errorf("without Redis: %v, %v; want down and why", c.State(), c.Err())
	}
	for _, r := range client.DoMulti(t.Context(), client.B().Get().Key("a").Build(), client.B().Get().Key("b").Build()) {
		if !errors.Is(r.Error(), redis.ErrDown) {
			t.Errorf("DoMulti: %v, want ErrDown", r.Error())
		}
	}
	script := rueidis.NewLuaScript("return redis.call('INCR', KEYS[1])")
	if err := script.Exec(t.Context(), client, []string{"joingy:n"}, nil).Error(); !errors.Is(err, redis.ErrDown) {
		t.Errorf("a script: %v, want ErrDown", err)
	}
	for _, r := range script.ExecMulti(t.Context(), client, rueidis.LuaExec{Keys: []string{"joingy:n"}}) {
		if !errors.Is(r.Error(), redis.ErrDown) {
			t.Errorf("scripts: %v, want ErrDown", r.Error())
		}
	}
	if err := client.Receive(t.Context(), client.B().Ssubscribe().Channel("c").Build(), nil); !errors.Is(err, redis.ErrDown) {
		t.Errorf("Receive: %v, want ErrDown", err)
	}
	server.Restart(t)
	await(t, states, redis.Up)
	eventually(t, "the script has run twice", func() bool {
		n, err := script.Exec(t.Context(), client, []string{"joingy:n"}, nil).AsInt64()
		return err == nil && n >= 2
	})
}

func TestSlow(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server.Addr())
	c := hurry(t, redis.Options{URL: proxy.URL()})
	states, stop := watch(c)
	defer stop()
	proxy.SetLatency(60 * time.Millisecond)
	await(t, states, redis.Slow)
	sets(t, c, "joingy:x")
	proxy.SetLatency(0)
	await(t, states, redis.Up)
}

func TestReadOnlyIsDown(t *testing.T) {
	server := redistest.Start(t, "--min-replicas-to-write", "1")
	c := dial(t, redis.Options{URL: server.URL()})
	eventually(t, "a server that takes no writes is down", func() bool {
		return c.State() == redis.Down && strings.Contains(c.Err().Error(), "look at the replicas")
	})
}

// TestCluster finds out by itself that a server belongs to a cluster, and finds the
// other one's slots.
func TestCluster(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t, 2)
	c := redistest.Dial(t, redis.Options{URL: servers[0].URL()})
	for _, key := range []string{"joingy:a", "joingy:b", "joingy:c", "joingy:d", "joingy:e", "joingy:f"} {
		sets(t, c, key) // the others' slots may not be known yet
	}
	if c.Client().Mode() != rueidis.ClientModeCluster || len(c.Client().Nodes()) != 2 {
		t.Errorf("mode %v with %d nodes, want a cluster of 2", c.Client().Mode(), len(c.Client().Nodes()))
	}
}

// TestC2Failover kills the primary: what Sentinel makes the primary is used then.
func TestC2Failover(t *testing.T) {
	if os.Getenv("TRIALS") != "full" {
		t.Skip("takes 5 s: run make trials")
	}
	trio := redistest.StartTrio(t)
	failOver(t, trio, redis.Options{URL: trio.URL()}, "")
}

// failOver kills the primary under a connection, and wants the next one used. The figure is
// called so.
func failOver(t *testing.T, trio *redistest.Trio, opts redis.Options, called string) {
	t.Helper()
	c := dial(t, opts)
	states, stop := watch(c)
	defer stop()
	sets(t, c, "joingy:x")
	trio.Primary.Kill()
	begin := time.Now()
	await(t, states, redis.Down)
	await(t, states, redis.Up)
	t.Logf("figure: %sup %.1f s after its primary was killed", called, time.Since(begin).Seconds())
	sets(t, c, "joingy:y")
	if trio.Replica.Do(t, "GET", "joingy:y") != "1" {
		t.Error("what was written after the failover is not at the new primary")
	}
}

func TestCloseEndsADialAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// Of documentation (RFC 5737): nobody answers.
	c, err := redis.Dial(ctx, redis.Options{URL: "redis-sentinel://192.0.2.1,192.0.2.2,192.0.2.3/x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
