package bans_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

// history is what the writers of a trial did, each at one node and one thing after the
// other, as far as their stores have acknowledged it. It knows nothing of stamps: only what
// a node knew of when it did something.
type history struct {
	mu  sync.Mutex
	ops []op // guarded by mu
}

// op is one change of one target.
type op struct {
	origin  string
	version uint64
	knew    map[string]uint64 // origins and versions
	target  string
	says    string // the reason of the ban that it makes; empty: it ends one
}

// write makes a change at a node and notes it. Nobody else changes that node's store
// meanwhile.
func (h *history) write(t testing.TB, n *node, text, says string) {
	knew, err := known(n)
	if err != nil {
		t.Error(err)
		return
	}
	if says == "" {
		_, err = n.Remove(target(t, text), "", n.name)
	} else {
		_, err = n.Add(ban.Entry{Target: target(t, text), Reason: says, By: n.name})
	}
	if err != nil {
		return // nothing to end
	}
	origin, err := n.Origin()
	if err == nil {
		var version uint64
		version, err = n.Version(origin)
		h.mu.Lock()
		h.ops = append(h.ops, op{origin, version, knew, text, says})
		h.mu.Unlock()
	}
	if err != nil {
		t.Error(err)
	}
}

func known(n *node) (map[string]uint64, error) {
	digest, err := n.Digest()
	versions := map[string]uint64{}
	for key, version := range digest {
		origin, _, _ := strings.Cut(key, "@")
		versions[origin] = version
	}
	return versions, err
}

// check returns what is wrong with what the nodes say in the end: that they do not say the
// same, or that a target is in a state which nobody left it in, or which somebody has
// changed who knew of it.
func (h *history) check(nodes ...*node) (wrong []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range nodes[1:] {
		if got, want := n.says(), nodes[0].says(); got != want {
			wrong = append(wrong, fmt.Sprintf("%s and %s do not say the same", n.name, nodes[0].name))
		}
	}
	targets := map[string][]op{}
	for _, o := range h.ops {
		targets[o.target] = append(targets[o.target], o)
	}
	for _, n := range nodes {
		now := map[string]string{}
		for b := range n.Active() {
			text, _, _ := strings.Cut(b.Reason, " ") // begins with the target
			now[text] = b.Reason
		}
		for _, text := range slices.Sorted(maps.Keys(targets)) {
			ops := targets[text]
			possible := map[string]bool{}
			for _, o := range ops {
				if !slices.ContainsFunc(ops, func(later op) bool { return later.knew[o.origin] >= o.version && !same(later, o) }) {
					possible[o.says] = true
				}
			}
			if !possible[now[text]] {
				wrong = append(wrong, fmt.Sprintf("%s at %s: %q, possible %q", text, n.name, now[text], slices.Sorted(maps.Keys(possible))))
			}
		}
	}
	return wrong
}

func same(a, b op) bool { return a.origin == b.origin && a.version == b.version }

// count returns how many bans and ends there were.
func (h *history) count() (made, ended int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.ops {
		if o.says == "" {
			ended++
		} else {
			made++
		}
	}
	return made, ended
}
