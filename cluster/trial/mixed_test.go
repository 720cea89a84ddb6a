package trial_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// newer is the version after this one: it speaks the next protocol as well, and all that it says
// to other nodes has more in it than this one knows, kinds of messages and of frames too.
var newer = []change{
	{"cluster/member.go", "NewestProtocol = 1", "NewestProtocol = 2"},
	{"cluster/member.go", "\t\tm.online.Store(int64(sessions))\n", `		m.online.Store(int64(sessions))
		for _, n := range m.nodes.Alive() {
			_ = m.bus.Send(n.Name, 99, []byte("later"))
			go func() { _, _ = m.bus.Ask(ctx, n.Name, 99, []byte("later")) }()
		}
`},
	{"match/record.go", "const recordVersion = 1", "const recordVersion = 2"},
	{"match/record.go", "\tSession  ident.Session `json:\"session\"`\n", "\tSession  ident.Session `json:\"session\"`\n\tLater []int `json:\"later\"`\n"},
	{"match/record.go", "\tr.Last, r.Unacked = s.out.all()\n", "\tr.Last, r.Unacked = s.out.all()\n\tr.Later = []int{1, 2}\n"},
	{"match/frame.go", "\tdata []byte\n}", "\tLater map[string]int `json:\"later\"`\n\n\tdata []byte\n}"},
	{"match/frame.go", "\thead, err := json.Marshal(f)\n", "\tf.Later = map[string]int{\"later\": 1}\n\thead, err := json.Marshal(f)\n"},
	{"match/peer.go", "h.sendFrameLocked(node, &frame{Kind: frameBeat})\n", "h.sendFrameLocked(node, &frame{Kind: frameBeat})\n\t\th.sendFrameLocked(node, &frame{Kind: \"zz\"})\n"},
	{"cluster/nodes/node.go", "type Report struct {\n", "type Report struct {\n\tLater []string `json:\"later\"`\n"},
	{"cluster/nodes/node.go", "\tr.Load = min(r.Load, 1)\n", "\tr.Load = min(r.Load, 1)\n\tr.Later = []string{\"later\"}\n"},
	{"cluster/bans/seal.go", "\tFrom string `json:\"from\"` // a node\n", "\tFrom string `json:\"from\"`\n\tLater bool `json:\"later\"`\n"},
	{"cluster/bans/seal.go", "\ttext, err := json.Marshal(f)\n", "\tf.Later = true\n\ttext, err := json.Marshal(f)\n"},
}

// newest is two versions apart from this one.
var newest = []change{
	{"cluster/member.go", "OldestProtocol = 1", "OldestProtocol = 3"},
	{"cluster/member.go", "NewestProtocol = 1", "NewestProtocol = 3"},
}

// upgrade brings a node to another program, as docs/scaling.md says.
func upgrade(name string, node int, program string) fault {
	return fault{"C2: " + name, 0, func(s *site) {
		n := s.nodes[node]
		s.drain(n, true)
		time.Sleep(3 * time.Second)
		n.stop()
		n.program = program
		n.start()
		s.drain(n, false)
		n.await("the other nodes", func() bool { return n.metric("joingyd_cluster_nodes") == nodesOfSite-1 })
	}, func(*site) {}}
}

// Trial C2 of a rolling upgrade, and of one that is taken back: nodes one version apart pair, resume,
// hand over and ban across. One two versions apart does not start, and says what to do.
func TestC2RollingUpgrade(t *testing.T) {
	full(t)
	old, next := build(t), build(t, newer...)
	o := try(t, siteOptions{program: old}, min(seats(t), 120), []fault{
		upgrade("the first of three nodes upgraded", 0, next), upgrade("the second upgraded", 1, next),
		upgrade("the second put back", 1, old), upgrade("the second upgraded again", 1, next), upgrade("the third upgraded", 2, next),
	})
	o.report(t)

	s := newSite(t, siteOptions{program: old})
	n := s.nodes[2]
	n.stop()
	out, err := exec.Command(build(t, newest...), "serve", "--data-dir", n.dir, "--config", n.settings).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "too far from the other nodes' version: this node speaks protocol 3, node n1") || !strings.Contains(string(out), "bring n1") {
		t.Errorf("two versions apart: %v, %s", err, out)
	}
}
