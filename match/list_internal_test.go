package match

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/joingyd/joingyd/ident"
)

// crowdedHub has sessions without sockets.
func crowdedHub(n int) *Hub {
	h := New(Options{})
	for i := range n {
		s := newSession(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), nil)
		h.sessions[s.id] = s
	}
	return h
}

// However many sessions there are, whoever looks at them holds nobody up: the
// hub's lock is free while one is looked at, and taken for few at a time.
func TestSessionsAreWalkedInSteps(t *testing.T) {
	const n = 100_000
	h := crowdedHub(n)
	seen := make(map[ident.Session]bool, n)
	for s := range h.Sessions() {
		if !h.mu.TryLock() {
			t.Fatal("the hub's lock is held while its list is read")
		}
		// What has been read ends, and somebody comes: the walk goes on.
		if len(seen) == n/2 {
			maps.DeleteFunc(h.sessions, func(id ident.Session, _ *session) bool { return seen[id] })
			for range 1000 {
				come := newSession(s.Addr, nil)
				h.sessions[come.id] = come
			}
		}
		h.mu.Unlock()
		if seen[s.ID] {
			t.Fatalf("%v is listed twice", s.ID)
		}
		seen[s.ID] = true
	}
	if len(seen) < n || len(seen) > n+1000 {
		t.Errorf("%d sessions listed, want %d and perhaps those that came", len(seen), n)
	}

	// The batch, and nothing a session.
	if allocs := testing.AllocsPerRun(5, func() {
		for range h.Sessions() {
		}
	}); allocs > 2 {
		t.Errorf("%v allocations a walk", allocs)
	}
}

// Between two looks at the lock no more than a batch is taken.
func TestSessionsWalkTakesFewAtATime(t *testing.T) {
	h := crowdedHub(10 * walkBatch)
	read := 0
	for range h.Sessions() {
		if read++; read > 1 {
			continue
		}
		h.mu.Lock()
		clear(h.sessions) // so that what still comes was taken before
		h.mu.Unlock()
	}
	if read != walkBatch {
		t.Errorf("%d sessions were taken at once, want %d", read, walkBatch)
	}
}

func TestSessionsStopWhenTold(t *testing.T) {
	h := crowdedHub(3 * walkBatch)
	for _, after := range []int{1, walkBatch, walkBatch + 1, 3 * walkBatch} {
		read := 0
		for range h.Sessions() {
			if read++; read == after {
				break
			}
		}
		if read != after || !h.mu.TryLock() {
			t.Fatalf("read %d of %d, or the lock is held", read, after)
		}
		h.mu.Unlock()
	}
	if none := slices.Collect(New(Options{}).Sessions()); len(none) != 0 {
		t.Errorf("an empty hub lists %v", none)
	}
}

func BenchmarkSessions(b *testing.B) {
	h := crowdedHub(100_000)
	b.ReportAllocs()
	for b.Loop() {
		for range h.Sessions() {
		}
	}
}
