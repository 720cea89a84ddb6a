package nodes

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestView(t *testing.T) {
	const s = time.Second
	rec := func(name, incarnation string, counter uint64, edit ...func(*record)) record {
		r := record{Node: Node{Self: Self{Name: name}, Incarnation: incarnation}, Counter: counter}
		for _, e := range edit {
			e(&r)
		}
		return r
	}
	left := func(r *record) { r.Left = true }
	drains := func(r *record) { r.Draining = true }
	skewed := func(d time.Duration) func(*record) { return func(r *record) { r.Started = time.Now().Add(d) } }
	// step is what is read at a time since the beginning, and what has happened then.
	type step struct {
		at   time.Duration
		read []record
		want string
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"comes, moves, falls silent", []step{
			{0, []record{rec("a", "1", 1)}, "joined a"},
			{1 * s, []record{rec("a", "1", 2)}, ""},
			{2 * s, []record{rec("a", "1", 2)}, ""},
			{3 * s, []record{rec("a", "1", 2)}, ""},
			{4 * s, []record{rec("a", "1", 2)}, "left a"},
			{5 * s, []record{rec("a", "1", 2)}, ""},
			{6 * s, nil, ""},
			{7 * s, []record{rec("a", "1", 3)}, "joined a"},
		}},
		{"a record that vanishes is no death", []step{
			{0, []record{rec("a", "1", 1)}, "joined a"},
			{1 * s, nil, ""},
			{2 * s, []record{rec("a", "1", 2)}, ""},
			{3 * s, nil, ""},
			{4 * s, nil, ""},
			{5 * s, nil, "left a"},
		}},
		{"leaves on its word", []step{
			{0, []record{rec("a", "1", 1), rec("b", "1", 1)}, "joined a, joined b"},
			{1 * s, []record{rec("a", "1", 2, left), rec("b", "1", 2)}, "left a"},
			{2 * s, []record{rec("a", "1", 2, left), rec("b", "1", 3)}, ""},
			{3 * s, []record{rec("a", "2", 1), rec("b", "1", 4)}, "joined a"},
		}},
		{"starts anew", []step{
			{0, []record{rec("a", "1", 7)}, "joined a"},
			{1 * s, []record{rec("a", "2", 1)}, "left a, joined a"},
		}},
		{"drains", []step{
			{0, []record{rec("a", "1", 1)}, "joined a"},
			{1 * s, []record{rec("a", "1", 2, drains)}, "changed a"},
			{2 * s, []record{rec("a", "1", 3, drains)}, ""},
		}},
		{"nobody dies while nothing can be read", []step{
			{0, []record{rec("a", "1", 1), rec("b", "1", 1)}, "joined a, joined b"},
			{1 * s, []record{rec("a", "1", 2), rec("b", "1", 2)}, ""},
			{60 * s, nil, ""},
			{61 * s, []record{rec("a", "1", 3)}, ""},
			{62 * s, []record{rec("a", "1", 4)}, ""},
			{63 * s, []record{rec("a", "1", 5)}, "left b"},
		}},
		{"no clock of another counts", []step{
			{0, []record{rec("a", "1", 1, skewed(-24*time.Hour)), rec("b", "1", 1, skewed(24*time.Hour))}, "joined a, joined b"},
			{1 * s, []record{rec("a", "1", 2, skewed(24*time.Hour)), rec("b", "1", 2, skewed(-24*time.Hour))}, ""},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newView(usualPace)
			begin := time.Now()
			for i, step := range tt.steps {
				records := map[string]record{}
				for _, r := range step.read {
					records[r.Name] = r
				}
				var got []string
				for _, e := range v.observe(begin.Add(step.at), records) {
					got = append(got, fmt.Sprintf("%v %s", e.Kind, e.Node.Name))
				}
				if got := strings.Join(got, ", "); got != step.want {
					t.Errorf("step %d, at %v: %q, want %q", i, step.at, got, step.want)
				}
			}
			if len(v.nodes) > 2 {
				t.Errorf("%d nodes are kept", len(v.nodes))
			}
		})
	}
}
