package main

import (
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
)

// readyz returns what the balancer is told.
func readyz(t *testing.T, d *daemon) (status int, body string) {
	t.Helper()
	response, err := http.Get("http://" + d.httpListener.Addr().String() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// Whatever Redis may answer but yes, the node is alone, serves, says so and what to do, and
// is among the others again once that is mended.
func TestRedisRefuses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--busy-reply-threshold", "50")
	allow := []string{"ACL", "SETUSER", "joingy", "reset", "on", ">secret", "~joingy:*", "&joingy:*", "+@all", "-@admin", "-@dangerous"}
	server.Do(t, allow...)
	password := filepath.Join(t.TempDir(), "redis.password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) {
		c.Cluster.Redis, c.Cluster.User, c.Cluster.PasswordFile, c.Cluster.Node = server.URL(), "joingy", password, "n1"
		c.TURN.PublicHost = "localhost"
	})
	joined := func() bool { return d.member.State() == cluster.Joined }
	do := func(args ...string) func() { return func() { server.Do(t, args...) } }
	all := func(steps ...func()) func() {
		return func() {
			for _, step := range steps {
				step()
			}
		}
	}
	busy := make(chan struct{})
	for _, test := range []struct {
		name         string
		refuse, mend func()
		want         cluster.State
		says         string // doctor
	}{
		{"no memory", do("CONFIG", "SET", "maxmemory", "1"), do("CONFIG", "SET", "maxmemory", "0"), cluster.Down, "maxmemory is reached"},
		{"a replica", do("REPLICAOF", "127.0.0.1", "1"), do("REPLICAOF", "NO", "ONE"), cluster.Down, "cluster.redis has to name the primary"},
		{"another password", all(do("ACL", "SETUSER", "joingy", "resetpass", ">other"), do("CLIENT", "KILL", "USER", "joingy")), do(allow...), cluster.Down, "look at cluster.user"},
		{"a script that does not end", func() {
			go func() {
				defer close(busy)
				_ = server.Try("EVAL", "while true do end", "0")
			}()
		}, all(do("SCRIPT", "KILL"), func() { <-busy }), cluster.Down, "SCRIPT KILL"},
		{"no scripts", do("ACL", "SETUSER", "joingy", "-@scripting"), do(allow...), cluster.Alone, "docs/scaling.md has one that will do"},
		{"no channels", do("ACL", "SETUSER", "joingy", "resetchannels"), do(allow...), cluster.Alone, "not heard"},
		{"emptied, with its scripts", func() { server.FlushAll(t) }, func() {
			eventually(t, "the node's record", func() bool { return server.Do(t, "EXISTS", "joingy:node:{n1}") == "1" })
		}, cluster.Joined, ""},
	} {
		eventually(t, "a node that is joined before "+test.name, joined)
		test.refuse()
		eventually(t, string(test.want)+" with "+test.name, func() bool { return d.member.State() == test.want && strings.Contains(d.alone(), test.says) })
		status, body := readyz(t, d)
		if status != http.StatusOK || strings.Contains(body, "this node pairs its own visitors only") != (test.want != cluster.Joined) || strings.Contains(body, "127.0.0.1") {
			t.Errorf("%s: /readyz: %d %s", test.name, status, body)
		}
		test.mend()
	}
	eventually(t, "a node that is joined in the end", joined)
}

// While Redis hangs nothing waits for it: visitors come, are paired, chat, report and leave, commands
// are answered, a node starts and stops. When it is back who waited meets, bans have spread, and a
// chat across nodes goes on.
func TestRedisGone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var proxies []*redistest.Proxy
	nodes := startNodes(t, server, 2, func(c *config.Config) {
		proxy := redistest.NewProxy(t, server.Addr())
		proxies = append(proxies, proxy)
		c.Cluster.Redis = proxy.URL()
	})
	a, b := newCaller(t, nodes[0], "127.0.0.2"), newCaller(t, nodes[1], "127.0.0.3")
	meetAcross(t, a, b, "text")
	waits := newCaller(t, nodes[0], "127.0.0.4")
	waits.send(`{"type":"find","mode":"text","interests":["patience"]}`)
	waits.expect("waiting")
	for _, p := range proxies {
		p.Blackhole(true)
	}

	late := newCaller(t, nodes[1], "127.0.0.5")
	late.send(`{"type":"find","mode":"text","interests":["patience"]}`)
	late.expect("waiting")
	c, e := newCaller(t, nodes[1], "127.0.0.6"), newCaller(t, nodes[1], "127.0.0.7")
	meetAcross(t, c, e, "text")
	c.sendJSON(map[string]any{"type": "text", "pair": c.pair, "id": "1", "body": "is redis down?"})
	e.expect("text")
	e.sendJSON(map[string]any{"type": "report", "pair": e.pair, "reason": "spam"})
	e.expect("reported")
	e.send(`{"type":"leave"}`)
	c.expect("left")
	command(t, nodes[0], "ban", "203.0.113.7", "--reason", "spam")
	for _, d := range nodes {
		eventually(t, "a node without redis", func() bool { return d.member.State() == cluster.Down })
		if status, body := readyz(t, d); status != http.StatusOK || !strings.HasPrefix(body, "ok\nredis is down since 20") {
			t.Errorf("/readyz: %d %s", status, body)
		}
		eventually(t, "a reason that tells something", func() bool { return strings.HasSuffix(d.alone(), ": redis: no answer") })
		for _, args := range [][]string{{"status"}, {"cluster", "status"}} {
			if out := command(t, d, args...); !strings.Contains(out, "down") {
				t.Errorf("%v:\n%s", args, out)
			}
		}
		if d.statusLine() == "" || !strings.Contains(d.statusLine(), "redis is down since") {
			t.Errorf("systemd is told %q", d.statusLine())
		}
		if _, values := scrape(t, d); values[`joingyd_cluster_state{state="down"}`] != 1 || values[`joingyd_cluster_state{state="joined"}`] != 0 {
			t.Error("the metrics do not say that redis is down")
		}
	}
	third, stop := startDaemonToStop(t, func(c *config.Config) {
		c.Cluster.Redis, c.Cluster.Node, c.TURN.PublicHost = proxies[0].URL(), "n3", "localhost"
		copySecrets(t, nodes[0].cfg.DataDir, c.DataDir)
	})
	newCaller(t, third, "127.0.0.8").send(`{"type":"leave"}`)
	stop()

	for _, p := range proxies {
		p.Blackhole(false)
	}
	waits.expect("matched")
	late.expect("matched")
	eventually(t, "the ban at n2", func() bool {
		_, banned := nodes[1].bans.Check(netip.MustParseAddr("203.0.113.7"), ban.UseSite)
		return banned
	})
	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "still there?"})
	b.expect("text")
	a.expect("sent")
}
