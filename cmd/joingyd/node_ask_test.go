package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
)

// TestNodesAskEachOther has stills posted to the node of each visitor's socket, and judged where
// the chat lives; and an admin of each node sees and does what is on the other.
func TestNodesAskEachOther(t *testing.T) {
	t.Parallel()
	classifier := oracle(t)
	nodes := startNodes(t, redistest.Start(t), 2, func(c *config.Config) {
		c.Moderation.Classifier, c.Moderation.SnapshotShare, c.Moderation.SnapshotEvery = classifier.URL, 100, 2*time.Second
		c.Moderation.Rules = []string{"porn>=0.9: blur queue"}
	})
	a, b := newCaller(t, nodes[0], "127.0.0.2"), newCaller(t, nodes[1], "127.0.0.3")
	meetAcross(t, a, b, "video")
	still := stripes(t)
	for _, c := range []*caller{a, b} {
		for range 2 { // of both pictures
			postStill(t, c.d, c.expect("snapshot"), still)
		}
		if got := c.expect("action"); got.Do != "blur" || got.Reason != "porn" || got.Pair != c.pair {
			t.Errorf("told %+v", got)
		}
	}

	home, other := nodes[0], nodes[1]
	if len(slices.Collect(home.hub.Sessions())) == 0 {
		home, other = other, home
	}
	name := home.cfg.Cluster.Node
	if text := command(t, other, "sessions"); !strings.HasPrefix(text, "NODE  SESSION") || strings.Count(text, "\n"+name+"    ") != 2 {
		t.Errorf("sessions:\n%s", text)
	}
	if text := command(t, other, "sessions", "--node", other.cfg.Cluster.Node); text != "no sessions\n" {
		t.Errorf("sessions of the node without:\n%s", text)
	}
	var cases admin.CaseList
	eventually(t, "a case for each", func() bool {
		if err := json.Unmarshal([]byte(command(t, other, "reports", "list", "-o", "json")), &cases); err != nil {
			t.Fatal(err)
		}
		return len(cases.Cases) == 2
	})
	if cases.Total != 2 || cases.Cases[0].Node != name {
		t.Errorf("cases: %+v", cases)
	}
	id := cases.Cases[0].ID
	if text := command(t, other, "reports", "show", id); !strings.Contains(text, "node      "+name+"\n") {
		t.Errorf("reports show:\n%s", text)
	}
	command(t, other, "reports", "decide", id, "dismiss", "--reason", "nothing to see")
	if text := command(t, other, "audit", "list", "--node", name); !strings.Contains(text, "from="+other.cfg.Cluster.Node+" request=POST /v1/cases/decide") || !strings.Contains(text, "report.decide") {
		t.Errorf("audit log:\n%s", text)
	}
	command(t, other, "kick", a.welcome.Session, "--reason", "bye")
	if m := a.expect("action"); m.Reason != "bye" {
		t.Errorf("kicked = %+v", m)
	}
	var stdout, stderr bytes.Buffer
	refused := []string{"keys", "rotate", "--node", name, "--socket", other.adminPath}
	if status := execute(t.Context(), newRootCommand(), refused, &stdout, &stderr); status != exitRefused || !strings.Contains(stderr.String(), "on the machine of "+name) {
		t.Errorf("keys rotate: %d, %s", status, &stderr)
	}
}
