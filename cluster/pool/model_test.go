package pool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/pool"
)

// mine is a ticket that waits, by what the model knows.
type mine struct {
	pool.Ticket
	node int
}

// model is what must hold of the pool, and whom it is told that wait.
type model struct {
	*site
	random     *rand.Rand
	waiting    map[pool.ID]*mine
	bySession  map[pool.Tag]*mine
	handed     map[pool.ID]bool
	pairs      int
	violations int
}

func (m *model) check(ok bool, rule string) {
	m.Helper()
	if !ok {
		m.violations++
		m.Errorf("violated: %s", rule)
	}
}

// outcome takes note of what became of w.
func (m *model) outcome(w *mine, found *pool.Found, again time.Duration, err error) {
	m.Helper()
	switch {
	case errors.Is(err, pool.ErrGone):
		m.check(m.waiting[w.ID] == nil, "who waits is in the pool")
	case err != nil:
		m.Fatal(err)
	case found == nil:
		m.check(again > 0 && again <= patience, "who waits is told when to search again")
		m.waiting[w.ID], m.bySession[w.Session] = w, w
	default:
		m.pair(w, found)
	}
}

func (m *model) pair(a *mine, found *pool.Found) {
	m.Helper()
	b := m.waiting[found.ID]
	m.check(b != nil, "only who waits is found")
	m.check(!m.handed[found.ID] && !m.handed[a.ID], "an ID is handed out once")
	if b == nil {
		return
	}
	m.pairs++
	m.handed[found.ID], m.handed[a.ID] = true, true
	m.check(found.Session == b.Session && found.Node == fmt.Sprintf("node %c", 'a'+b.node), "it is told whose ticket was found")
	m.check(a.Session != b.Session, "nobody meets itself")
	m.check(a.Mode == b.Mode, "modes are kept apart")
	m.check(!slices.Contains(a.Avoid, b.Session) && !slices.Contains(b.Avoid, a.Session), "the avoided never meet")
	overdue := func(t *mine) bool { return m.now.Sub(t.Since) >= patience }
	shared := len(a.Languages) == 0 || len(b.Languages) == 0
	for _, l := range a.Languages {
		shared = shared || slices.Contains(b.Languages, l)
	}
	m.check(shared || overdue(a) && overdue(b), "languages are kept apart while patience lasts")
	recent := slices.Contains(a.Recent, b.Session) || slices.Contains(b.Recent, a.Session)
	m.check(!recent || overdue(a) || overdue(b), "recent partners are kept apart while patience lasts")
	var score float64
	for i, tag := range a.Interests {
		if slices.Contains(b.Interests, tag) {
			score += float64(a.IDF[i])
		}
	}
	m.check(max(score-found.Score, found.Score-score) < 1e-5, "a pair is worth what it has in common")
	for _, w := range []*mine{a, b} {
		delete(m.waiting, w.ID)
		delete(m.bySession, w.Session)
	}
	if err := m.nodes[b.node].Taken(context.Background(), b.ID); err != nil { // as its node does when it is asked
		m.Fatal(err)
	}
}

func (m *model) some(names []string, one int) (list []string) {
	for _, name := range names {
		if m.random.IntN(one) == 0 {
			list = append(list, name)
		}
	}
	return list
}

func (m *model) tags(n int) (list []pool.Tag) {
	for range m.random.IntN(3) {
		list = append(list, tag(fmt.Sprint(m.random.IntN(n))))
	}
	return list
}

func (m *model) arrive(session string, sessions int) {
	t := m.ticket(session, m.some([]string{"a", "b", "c", "d", "e", "f"}, 4)...)
	for i := range t.IDF {
		t.IDF[i] = float32(m.random.IntN(40)) / 10
	}
	slices.SortFunc(t.IDF, func(a, b float32) int { return int(10*b - 10*a) })
	t = asking(t, float32(m.random.IntN(30))/10)
	t.Languages = m.some([]string{"en", "de", "fr"}, 3)
	t.Mode = []string{"video", "text"}[m.random.IntN(2)]
	if m.random.IntN(3) == 0 { // it comes back
		t.Since = t.Since.Add(-time.Duration(m.random.IntN(int(patience))))
	}
	t.Recent, t.Avoid, t.Relay = m.tags(sessions), m.tags(sessions), tag(fmt.Sprint(m.random.IntN(2)))
	w := &mine{t, m.random.IntN(len(m.nodes))}
	found, again, err := m.nodes[w.node].Offer(context.Background(), t)
	m.outcome(w, found, again, err)
}

// audit checks that Redis holds who waits and nothing else.
func (m *model) audit() {
	m.Helper()
	in := make(map[pool.ID]bool)
	for _, key := range m.keys() {
		prefix, ok := strings.CutSuffix(key, ":tickets")
		if !ok {
			continue
		}
		// What queues and lists should hold of each record, less what they do. No list is full here.
		const script = `
			local list, bad, all, opens, entries = redis.call('HGETALL', KEYS[1]), 0, {}, 0, 0
			for i = 1, #list, 2 do
				local id, record = list[i], list[i + 1]
				local since, flags = string.sub(record, 1, 6), string.byte(record, 44)
				local born = tostring(struct.unpack('>I6', since))
				if redis.call('ZSCORE', KEYS[2], id) ~= born then bad = bad + 1 end
				if flags % 2 == 1 then
					opens = opens + 1
					if redis.call('ZSCORE', KEYS[3], id) ~= born then bad = bad + 1 end
				end
				if flags < 2 then
					for at = 81, 73 + 8 * string.byte(record, 41), 8 do
						entries = entries + 1
						if not string.find(redis.call('HGET', KEYS[4], string.sub(record, at, at + 7)) or '', since .. id, 1, true) then bad = bad + 1 end
					end
				end
				all[#all + 1] = id
			end
			bad = bad + math.abs(redis.call('ZCARD', KEYS[2]) - #all) + math.abs(redis.call('ZCARD', KEYS[3]) - opens)
			for _, l in ipairs(redis.call('HVALS', KEYS[4])) do
				entries = entries - #l / 22
				for at = 23, #l, 22 do if string.sub(l, at, at + 5) < string.sub(l, at - 22, at - 17) then bad = bad + 1 end end
			end
			table.insert(all, 1, tostring(bad + math.abs(entries)))
			return all`
		client := m.link.Client()
		list, err := client.Do(context.Background(), client.B().Eval().Script(script).Numkeys(4).Key(prefix+":tickets", prefix+":queue", prefix+":open", prefix+":interests").Build()).AsStrSlice()
		if err != nil {
			m.Fatal(err)
		}
		m.check(list[0] == "0", "queues hold the tickets that there are: "+list[0]+" too much or missing in "+prefix)
		for _, id := range list[1:] {
			in[pool.ID([]byte(id))] = true
			m.check(m.waiting[pool.ID([]byte(id))] != nil, "nobody is in the pool who does not wait")
		}
	}
	for id := range m.waiting {
		m.check(in[id], "who waits is in the pool")
	}
}

// Trial W8 across nodes: random operations of three against a model of what must always hold.
// Redis is emptied now and then, and forgets its scripts.
func TestW8SharedPoolRandomOperations(t *testing.T) {
	operations := 1000
	if os.Getenv("TRIALS") == "full" {
		operations = 100_000
	}
	const sessions = 60
	m := &model{
		site: newSite(t, 3, pool.Options{AnyLanguage: true, Lease: time.Minute, MaxShards: 4, SplitSize: 8}), random: rand.New(rand.NewPCG(1, 2)),
		waiting: make(map[pool.ID]*mine), bySession: make(map[pool.Tag]*mine), handed: make(map[pool.ID]bool),
	}
	forget := func(id pool.ID) {
		if w := m.waiting[id]; w != nil {
			delete(m.waiting, id)
			delete(m.bySession, w.Session)
		}
	}
	for i := range operations {
		m.pass(time.Duration(m.random.IntN(100)) * time.Millisecond)
		session := fmt.Sprint(m.random.IntN(sessions))
		w := m.bySession[tag(session)]
		switch n := m.random.IntN(4); {
		case w == nil:
			m.arrive(session, sessions)
		case n == 0:
			forget(w.ID)
			if err := m.nodes[w.node].Withdraw(context.Background(), w.ID); err != nil {
				t.Fatal(err)
			}
		case n < 3:
			w.Recent, w.Avoid = m.tags(sessions), m.tags(sessions)
			found, again, err := m.nodes[w.node].Search(context.Background(), w.ID, w.Recent, w.Avoid)
			m.outcome(w, found, again, err)
		default:
			lost, err := m.nodes[m.random.IntN(3)].Renew(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range lost { // their lives ended: nobody searched for them
				m.check(m.waiting[id] == nil || m.now.Sub(m.waiting[id].Since) > patience+10*time.Second, "who lives is not lost")
				forget(id)
			}
		}
		if i%500 == 250 {
			m.server.FlushAll(t)
			for _, node := range m.nodes {
				lost, err := node.Renew(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range lost {
					forget(id)
				}
			}
			m.check(len(m.waiting) == 0, "all that Redis forgot is told to be lost")
		}
		if i%500 == 249 {
			for _, w := range m.waiting { // so that nobody's life ends
				found, again, err := m.nodes[w.node].Search(context.Background(), w.ID, w.Recent, w.Avoid)
				m.outcome(w, found, again, err)
			}
			m.renew()
			m.audit()
		}
		if m.violations > 10 {
			t.FailNow()
		}
	}
	stats := m.nodes[0].Stats()
	if m.pairs < operations/10 || stats.Found() == 0 || stats.Visits == 0 {
		t.Errorf("only %d pairs were made, %+v", m.pairs, stats)
	}
	t.Logf("figure: %d operations, %d pairs, %d violations", operations, m.pairs, m.violations)
}

// Where many search at the same time a gate hands an ID out once, and never one that found
// somebody itself.
func TestHandedOutOnce(t *testing.T) {
	s := newSite(t, 3, pool.Options{})
	var mu sync.Mutex
	handed := make(map[pool.ID]int)
	var wait sync.WaitGroup
	for worker := range 24 {
		wait.Go(func() {
			node := s.nodes[worker%3]
			for i := range 25 {
				t := s.ticket(fmt.Sprint(worker, " ", i), fmt.Sprint(i%3))
				found, _, err := node.Offer(context.Background(), t)
				for n := 0; err == nil && found == nil && n < 5; n++ {
					found, _, err = node.Search(context.Background(), t.ID, nil, nil)
				}
				if err != nil && !errors.Is(err, pool.ErrGone) {
					s.Error(err)
					return
				}
				mu.Lock()
				if found != nil {
					handed[found.ID]++
					handed[t.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	for id, n := range handed {
		if n != 1 {
			t.Errorf("%x was handed out or found somebody %d times", id, n)
		}
	}
	if len(handed) < 400 {
		t.Errorf("only %d of 600 were paired", len(handed))
	}
}
