package main

import (
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
)

// TestNodesAskEachOther has stills posted to the node of each visitor's socket, and judged where
// the chat lives.
func TestNodesAskEachOther(t *testing.T) {
	t.Parallel()
	classifier := oracle(t)
	nodes := startNodes(t, redistest.Start(t), 2, func(c *config.Config) {
		c.Moderation.Classifier, c.Moderation.SnapshotShare, c.Moderation.SnapshotEvery = classifier.URL, 100, 2*time.Second
		c.Moderation.Rules = []string{"porn>=0.9: blur"}
	})
	a, b := newCaller(t, nodes[0], "127.0.0.2"), newCaller(t, nodes[1], "127.0.0.3")
	meetAcross(t, a, b, "video")
	still := stripes(t)
	for _, c := range []*caller{a, b} {
		for of := ""; of != "partner"; {
			m := c.expect("snapshot")
			if of = m.Of; of == "partner" {
				postStill(t, c.d, m, still)
			}
		}
		if got := c.expect("action"); got.Do != "blur" || got.Reason != "porn" || got.Pair != c.pair {
			t.Errorf("told %+v", got)
		}
	}
}
