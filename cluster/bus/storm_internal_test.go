package bus

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// storm has three nodes talk through faults, in virtual time. Nodes are started anew, subscriptions are
// cut and deafened, and all is down for a while; then it gets quiet.
func storm(t *testing.T, seed uint64, bug func(*Bus)) (wrong []string, stats []Stats, h *history) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(seed)
		a.latency = time.Millisecond
		h = newHistory()
		names := []string{"a", "b", "c"}
		nodes, leave := make([]*Bus, 3), make([]func(), 3)
		start := func(i int) {
			nodes[i], leave[i] = node(t, a, h, names[i], func(o *Options) { o.Queue = least })
			if bug != nil {
				bug(nodes[i])
			}
		}
		for i := range nodes {
			start(i)
		}
		r := newAir(seed + 1).r
		for range 200 {
			for range r.IntN(20) {
				from, to := r.IntN(3), r.IntN(3)
				if from != to {
					size := r.IntN(100)
					if r.IntN(40) == 0 {
						size = r.IntN(MaxPayload - 8)
					}
					if err := h.say(nodes[from], names[to], size); err != nil && !errors.Is(err, ErrFull) {
						t.Fatal(err)
					}
				}
			}
			time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
			a.mu.Lock()
			a.faults = faults{refused: 10 * r.IntN(4), unsure: 5 * r.IntN(2), twice: 10 * r.IntN(2)}
			a.mu.Unlock()
			switch r.IntN(30) {
			case 0:
				a.cut(channel(names[r.IntN(3)]))
			case 1:
				a.setDown(true)
				time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
				a.setDown(false)
			case 2:
				i := r.IntN(3)
				leave[i]()
				start(i)
			case 3:
				a.deafen(channel(names[r.IntN(3)]))
			}
		}
		a.mu.Lock()
		a.faults = faults{}
		a.mu.Unlock()
		time.Sleep(6 * time.Second)
		for i := range nodes { // who was started anew last may know nobody
			for j := range nodes {
				if i != j {
					_ = h.say(nodes[i], names[j], 0)
				}
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		live := make(map[Peer]bool)
		for _, b := range nodes {
			live[b.Self()] = true
			stats = append(stats, b.Stats())
		}
		wrong = h.judge(live)
		for _, f := range leave {
			f()
		}
	})
	return wrong, stats, h
}

func TestPromiseHoldsInAStorm(t *testing.T) {
	seeds := uint64(3)
	var messages, gaps int
	for seed := range seeds {
		wrong, stats, h := storm(t, seed, nil)
		if len(wrong) > 0 {
			t.Errorf("seed %d: %d wrong: %s", seed, len(wrong), strings.Join(wrong[:min(len(wrong), 5)], "\n"))
		}
		for _, s := range stats {
			if s.Queued != 0 || s.Waiting != 0 || !s.Listening {
				t.Errorf("seed %d: at the end: %+v", seed, s)
			}
		}
		m, g := h.heard()
		messages, gaps = messages+m, gaps+g
	}
	if messages < 1000 || gaps < 10 {
		t.Errorf("%d messages and %d gaps: the storm tried little", messages, gaps)
	}
	t.Logf("%d messages, %d gaps", messages, gaps)
}

// The judge is worth something only if it sees what a bus with a bug does.
func TestJudgeSeesBugs(t *testing.T) {
	bugs := map[string]func(got *taken){
		"gaps in numbers go unnoticed":  func(got *taken) { got.gap = got.fresh },
		"what comes twice is had twice": func(got *taken) { got.skip = 0 },
		"the first gap is forgotten":    func(got *taken) { got.gap = got.gap && !got.fresh },
	}
	for name, bug := range bugs {
		caught := false
		for seed := uint64(0); seed < 5 && !caught; seed++ {
			wrong, _, _ := storm(t, seed, func(b *Bus) {
				b.take = func(s *stream, from Incarnation, first uint64, count int) taken {
					got := s.take(from, first, count)
					bug(&got)
					return got
				}
			})
			caught = len(wrong) > 0
		}
		if !caught {
			t.Errorf("%s, and the judge saw nothing", name)
		}
	}
}
