package trial_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// seats is how many visitors are there at a time.
func seats(t *testing.T) int {
	text := os.Getenv("TRIAL_VISITORS")
	if text == "" {
		return 240
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func full(t *testing.T) {
	t.Helper()
	if os.Getenv("TRIALS") != "full" {
		t.Skip("make trials runs this")
	}
}

// outcome is what came of a trial.
type outcome struct {
	*history
	rows   []*row
	wrong  []breach
	deeds  int
	pairs  int
	across int // of those, whose two came to different nodes
	bans   int
	killed string
	stalls int // times that a node took Redis for slow or down, without a fault
}

const mostShown, mostTraced = 20, 4 // breaches

// try has a crowd chat at a site while one fault comes after the other, has all of them go, and
// checks what they were told.
func try(t *testing.T, opts siteOptions, crowdOf int, faults []fault) (o outcome) {
	t.Helper()
	s, h := newSite(t, opts), newHistory()
	o.history = h
	h.troubled(span{0, recovery}) // all come at once
	crowd := newCrowd(t, s, h, crowdOf)
	operator := newBans(t, s, h, crowd)
	time.Sleep(before)
	for _, f := range faults {
		time.Sleep(before)
		r := &row{name: f.name, fault: span{from: h.now()}}
		f.start(s)
		time.Sleep(f.lasts)
		f.heal(s)
		r.fault.to = h.now()
		if !opts.calm {
			h.troubled(span{r.fault.from, r.fault.to + recovery})
		}
		time.Sleep(recovery)
		r.goroutines = s.goroutines()
		o.rows = append(o.rows, r)
		t.Logf("%.0f s: %s", h.now().Seconds(), f.name)
	}
	time.Sleep(mostAlone) // of who was left alone by the last
	for _, n := range s.nodes {
		if log, yes := n.crashed(); yes {
			o.wrong = append(o.wrong, breach{h.now(), "crash", n.name + ": " + log})
			crowd.gone()
			return o
		}
	}
	operator.end()
	end := h.now()
	took, wrong := operator.check()
	t.Logf("bans: all nodes agree %.1f s after the last of %d", took.Seconds(), len(operator.targets))
	crowd.gone()
	for _, text := range wrong {
		o.wrong = append(o.wrong, breach{end, "lost ban", text})
	}
	asked, wrong := operator.enforced()
	for _, text := range wrong {
		o.wrong = append(o.wrong, breach{end, "ban not enforced", text})
	}
	t.Logf("bans: %d asked for at the door", asked)
	o.stalls = s.stalled(h)
	o.wrong = append(o.wrong, h.check()...)
	o.wrong = append(o.wrong, operator.breaches()...)
	left := s.leftOver()
	for deadline := time.Now().Add(startTime); left != "" && time.Now().Before(deadline); left = s.leftOver() {
		time.Sleep(time.Second)
	}
	if left != "" {
		o.wrong = append(o.wrong, breach{h.now(), "left over", left})
	}
	for _, r := range o.rows {
		h.figures(r)
	}
	o.deeds, o.bans, o.killed = len(h.all()), len(operator.targets), crowd.killed()
	o.pairs, o.across = h.counts()
	return o
}

// stalled notes as trouble when nodes took Redis for slow or down: on a machine that is busy with
// something else that happens without a fault. It returns how often it did.
func (s *site) stalled(h *history) (stalls int) {
	for _, n := range s.nodes {
		for _, a := range n.apart(h.start) {
			if h.well(a) == a {
				stalls++
			}
			h.troubled(span{a.from - 2*time.Second, a.to + recovery}) // it takes a second to be noticed
		}
	}
	return stalls
}

func (o outcome) report(t *testing.T) {
	t.Helper()
	for i, b := range o.wrong {
		if i == mostShown {
			t.Errorf("and %d more", len(o.wrong)-mostShown)
			break
		}
		t.Error(b)
		if i < mostTraced {
			t.Logf("\n%s", o.history.around(b))
		}
	}
	t.Log("\n" + table(o.rows, o.wrong))
	t.Logf("figure: %d faults, %d pairs, %d of them across nodes, %d bans, %d deeds checked; sockets lost: %s; Redis missed without a fault: %d times; breaches: %d", len(o.rows), o.pairs, o.across, o.bans, o.deeds, o.killed, o.stalls, len(o.wrong))
}

// Trials C1, C2 and W7 with three nodes: faults of Redis and of nodes, one after the other, under
// visitors who chat, lose their sockets in every state, and are banned.
func TestC2Nodes(t *testing.T) {
	full(t)
	only := os.Getenv("TRIAL_FAULTS") // numbers, such as 0-3
	list := faults()
	if from, to, ok := limits(only); ok {
		list = list[from:min(to, len(list))]
	}
	try(t, siteOptions{program: build(t)}, seats(t), list).report(t)
}

func limits(text string) (from, to int, ok bool) {
	n, _ := fmt.Sscanf(text, "%d-%d", &from, &to)
	return from, to, n == 2
}

// Trial C1 with Sentinel: two failovers.
func TestC1Failover(t *testing.T) {
	full(t)
	try(t, siteOptions{program: build(t), sentinel: true}, seats(t), failovers()).report(t)
}

// Trial C1 with a Redis Cluster of three servers.
func TestC1RedisCluster(t *testing.T) {
	full(t)
	try(t, siteOptions{program: build(t), cluster: true}, seats(t), clusterFaults()).report(t)
}

// Trial C2 of an upgrade: each node is drained, restarted, and used again. Nobody loses anything.
func TestC2DrainedRestart(t *testing.T) {
	full(t)
	try(t, siteOptions{program: build(t), calm: true}, seats(t), []fault{drained}).report(t)
}

// Trial C2 with a node that has no relay of its own.
func TestC2Edge(t *testing.T) {
	full(t)
	list := faults()[:2]
	try(t, siteOptions{program: build(t), roles: []string{"all", "edge", "all"}}, seats(t), list).report(t)
}

// Trial C2 where the nodes' clocks are hours apart, and each is right to itself.
func TestC2Clocks(t *testing.T) {
	full(t)
	list := []fault{partedAndKilled}
	for _, f := range faults() {
		if strings.Contains(f.name, "back at once") || strings.Contains(f.name, "back empty") || strings.Contains(f.name, "in turn") {
			list = append(list, f)
		}
	}
	try(t, siteOptions{program: build(t, skewed...), clocks: []int{0, 3600, -7200}}, seats(t), list).report(t)
}
