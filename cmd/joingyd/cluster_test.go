package main

import (
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/cluster/redistest"
)

// serveCluster serves the control API of a daemon of which only this much is there, and
// returns its socket.
func serveCluster(t *testing.T, cluster admin.Cluster) string {
	t.Helper()
	dir := t.TempDir()
	keys, err := loadStoreKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStoreIn(dir, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "a.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- admin.NewServer(admin.NewService(store, &admin.Options{Cluster: cluster}), nil).Run(ctx, listener)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return socket
}

// oneCluster is what a fake says.
type oneCluster struct {
	status admin.ClusterStatus
	node   admin.ClusterNode
}

func (c oneCluster) Status() admin.ClusterStatus { return c.status }

func (c oneCluster) Drain(_ context.Context, name string, _ bool) (admin.ClusterNode, error) {
	if name != c.node.Name {
		return admin.ClusterNode{}, &admin.Error{Code: admin.CodeNotFound, Detail: "no live node has this name"}
	}
	return c.node, nil
}

func TestClusterCommands(t *testing.T) {
	now := time.Now()
	a := admin.ClusterNode{Name: "node-1", Self: true, Version: "1.3.0", Protocol: "1", Role: "all", Region: "eu-west", Relay: "one.example.org",
		Online: 1204, Waiting: 12, Chats: 480, Load: 0.231, Started: now.Add(-72 * time.Hour)}
	b := admin.ClusterNode{Name: "node-2", Version: "1.3.0\x1b[2J", Role: "edge", Draining: true, Online: 5, Chats: 2, Relayed: 1, Started: now.Add(-time.Minute)}
	fake := oneCluster{status: admin.ClusterStatus{
		Node: "node-1", Redis: admin.ClusterRedis{State: "up", Since: now.Add(-time.Hour), Answer: 0.42}, Online: 1209, Waiting: 12, Nodes: []admin.ClusterNode{a, b},
	}, node: b}
	socket := serveCluster(t, fake)

	_, text, _ := typed(t, "cluster", "status", "--socket", socket)
	for _, want := range []string{
		"redis    up for 60m, answers in 0.4 ms\n", "online   1,209\n", "waiting  12\n",
		"NODE    STATE         ONLINE  WAITING  CHATS  LOAD  UP  VERSION", "node-1  up, this one  1,204   12       480    24 %  3d  1.3.0", "  eu-west  one.example.org\n", "node-2  draining ", "  edge  -        -\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("cluster status lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("what another node says reaches the terminal: %q", text)
	}
	var got admin.ClusterStatus
	if _, text, _ := typed(t, "cluster", "status", "-o", "json", "--socket", socket); json.Unmarshal([]byte(text), &got) != nil || len(got.Nodes) != 2 || got.Nodes[1].Name != "node-2" {
		t.Errorf("cluster status -o json: %s", text)
	}
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"drain", "node-2"}, exitDone, "node-2 sends its visitors to the others; 5 sessions left, 2 chats, 1 at its relay\n"},
		{[]string{"drain", "node-2", "--off"}, exitDone, "node-2 was told, and has not answered yet; joingyd cluster status shows when it has\n"},
		{[]string{"drain", "node-3"}, exitRefused, "joingyd: no live node has this name\n"},
		{[]string{"drain", "node-2", "--wait", "--within", "1ms"}, exitRefused, "5 sessions left, 2 chats, 1 at its relay; 1ms are over: those go on at another node when this one stops"},
		{[]string{"drain", "node-2", "--within", "1m"}, exitUsage, "give both"},
		{[]string{"drain", "node-2", "--wait", "--off"}, exitUsage, "leave it out"},
		{[]string{"drain"}, exitUsage, ""},
		{[]string{"drain", ""}, exitUsage, "joingyd cluster status lists them"},
	} {
		status, stdout, stderr := typed(t, append([]string{"cluster", "--socket", socket}, tt.args...)...)
		if status != tt.status || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("cluster %v: %d, %q, %q; want %d, %q", tt.args, status, stdout, stderr, tt.status, tt.want)
		}
	}
	fake.status.Nodes[1].Online, fake.status.Nodes[1].Chats, fake.status.Nodes[1].Relayed = 0, 0, 0
	for _, test := range []struct{ args, want string }{
		{"status", "node-2  drained "}, {"drain node-2 --wait", "node-2 is drained: nobody is left, and it can be stopped\n"},
	} {
		if status, text, stderr := typed(t, append(append([]string{"cluster"}, strings.Fields(test.args)...), "--socket", serveCluster(t, fake))...); status != exitDone || !strings.Contains(text, test.want) {
			t.Errorf("%s: %d, %q, %q; want %q", test.args, status, text, stderr, test.want)
		}
	}
	fake.status.Redis = admin.ClusterRedis{State: "down", Since: now.Add(-5 * time.Minute), Error: "connection refused"}
	fake.status.Problem = "another node has this name"
	_, text, _ = typed(t, "cluster", "status", "--socket", serveCluster(t, fake))
	if !strings.Contains(text, "redis    down for 5m: connection refused\n") || !strings.Contains(text, "alone    another node has this name\n") {
		t.Errorf("of a redis that is down:\n%s", text)
	}
}

func TestClusterCommandsAlone(t *testing.T) {
	socket := serveCluster(t, nil)
	for _, args := range [][]string{{"cluster", "status"}, {"cluster", "drain", "a"}} {
		status, stdout, stderr := typed(t, append(args, "--socket", socket)...)
		if status != exitRefused || stdout != "" || stderr != "joingyd: this daemon is alone: cluster.redis is not set; docs/scaling.md says how to add a node\n" {
			t.Errorf("%v: %d, %q, %q", args, status, stdout, stderr)
		}
	}
}

// TestClusterControl has two nodes on a Redis behind the commands.
func TestClusterControl(t *testing.T) {
	server := redistest.Start(t)
	node := func(name string) clusterControl {
		conn := redistest.Dial(t, redis.Options{URL: server.URL()})
		registry, err := nodes.Join(t.Context(), conn, nodes.Options{
			Self:   nodes.Self{Name: name, Version: "1.0", Protocol: nodes.Range{Min: 1, Max: 1}, Role: nodes.RoleAll},
			Report: func() nodes.Report { return nodes.Report{Online: 3, Waiting: 1} },
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(registry.Close)
		return clusterControl{registry, conn, registry.Err}
	}
	node("b")
	control := node("a")
	s := control.Status()
	if s.Node != "a" || s.Redis.State != "up" || s.Online != 6 || s.Waiting != 2 || len(s.Nodes) != 2 || !s.Nodes[0].Self || s.Nodes[1].Name != "b" || s.Problem != "" {
		t.Errorf("status: %+v", s)
	}
	if n, err := control.Drain(t.Context(), "b", false); err != nil || !n.Draining || n.Self {
		t.Errorf("drain b: %+v, %v", n, err)
	}
	if n, err := control.Drain(t.Context(), "a", false); err != nil || !n.Draining || !n.Self {
		t.Errorf("drain a: %+v, %v", n, err)
	}
	if _, err := control.Drain(t.Context(), "c", false); refusal(err).Code != admin.CodeNotFound {
		t.Errorf("drain nobody: %v", err)
	}
}
