package trial_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// seeded is a bug, what brings it to light, and the rules by which it has to be found.
type seeded struct {
	name    string
	changes []change
	fault   fault
	rules   []string
}

var bugs = []seeded{
	{
		name: "a hub lets a session go that it does not hold any more",
		changes: []change{
			{"match/move.go", "heldTime   = 3 * time.Second", "heldTime   = time.Millisecond"},
			{"match/move.go", "\t\tif m := s.abroad.move; m != nil && m.out && !m.woken && m.node == node && m.epoch == f.Epoch {\n\t\t\th.departLocked(s)", `
		m := s.abroad.move
		if m == nil && s.abroad.epoch == f.Epoch {
			h.stopWaitingLocked(s)
			m = &move{node: node, out: true, epoch: f.Epoch, timer: time.NewTimer(time.Hour)}
			s.abroad.move = m
		}
		if m != nil && m.out && m.node == node && m.epoch == f.Epoch {
			h.departLocked(s)`},
		},
		fault: fault{"nothing", 20 * time.Second, func(*site) {}, func(*site) {}},
		rules: []string{"line"},
	},
	{
		name: "a hub pairs whom it held with a guest who comes too late, and its relay lets it",
		changes: []change{
			{"match/move.go", "timer.Reset(answerTime)", "timer.Reset(time.Millisecond)"},
			{"match/lifecycle.go", "if err := h.opts.Relay.Join(p.id, a.id, b.id); err != nil {", "if err := h.opts.Relay.Join(p.id, a.id, b.id); err != nil && h.closed {"},
			{"match/guest.go", "\tcase awaited && g.host.link != nil:\n", `
	case !awaited && g.host.link != nil && h.sessions[g.host.id] == g.host:
		h.stopWaitingLocked(g.host)
		h.pairLocked(&pool.Ticket{Session: g.host.id, Mode: s.ticket.Mode}, s.ticket)
		return
	case awaited && g.host.link != nil:
`},
		},
		fault: fault{"30 ms of latency", 20 * time.Second, func(s *site) { s.slow(30 * time.Millisecond) }, func(s *site) { s.slow(0) }},
		rules: []string{"double pair"},
	},
	{
		name:    "a hub follows what a door sends again",
		changes: []change{{"match/remote.go", "case r == nil || r.over || f.Seq <= r.got:", "case r == nil || r.over:"}},
		fault: fault{"all connections to Redis cut", 0, func(s *site) {
			for range 5 {
				for _, n := range s.nodes {
					n.proxy.Cut()
				}
				time.Sleep(time.Second)
			}
		}, func(*site) {}},
		rules: []string{"line"},
	},
	{
		name:    "a node that lacks bans asks nobody who has them",
		changes: []change{{"cluster/bans/reconcile.go", "Ask: nodes[n]}", `Ask: nodes[n] + "?"}`}},
		fault:   partedAndKilled,
		rules:   []string{"lost ban"},
	},
	{
		name: "a session that another hub refuses, or does not answer, never gets its place in the line again",
		changes: []change{
			{"match/move.go", "\t\tif s.abroad.move == m {\n\t\t\th.lineUpLocked(s)", "\t\tif s.abroad.move == m && m.out {\n\t\t\th.lineUpLocked(s)"},
			{"match/move.go", "\t\th.others.stats.Moves[moveRefused]++\n\t\th.lineUpLocked(s)\n\t}\n}", "\t\th.others.stats.Moves[moveRefused]++\n\t}\n}"},
		},
		fault: fault{"30 ms of latency", 20 * time.Second, func(s *site) { s.slow(30 * time.Millisecond) }, func(s *site) { s.slow(0) }},
		rules: []string{"stuck"},
	},
}

// The source, and Go's, still have what is changed: that is built with TRIALS=full only.
func TestChangesFitTheSource(t *testing.T) {
	for _, changes := range [][]change{skewed, newer, newest} {
		overlay(t, t.TempDir(), moduleRoot(t), changes)
	}
	for _, bug := range bugs {
		overlay(t, t.TempDir(), moduleRoot(t), bug.changes)
	}
}

// Each bug that is built into the daemons of a site is found, by the rule that is there for it.
func TestC2SeededBugs(t *testing.T) {
	full(t)
	for _, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			o := try(t, siteOptions{program: build(t, bug.changes...)}, min(seats(t), 120), []fault{bug.fault})
			found := map[string]int{}
			for _, b := range o.wrong {
				found[b.rule]++
			}
			for _, rule := range bug.rules {
				if found[rule] == 0 {
					t.Errorf("not found by %q, but by %v", rule, found)
				}
			}
			text := ""
			for _, rule := range slices.Sorted(maps.Keys(found)) {
				text += fmt.Sprintf(" %s %d", rule, found[rule])
			}
			t.Logf("figure: %s:%s of %d pairs, %d bans", bug.name, text, o.pairs, o.bans)
		})
	}
}
