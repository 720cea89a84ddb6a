package main

import (
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	shared "github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/ident"

	"github.com/joingyd/joingyd/bench/markdown"
)

// nodes is a site of several: each visitor comes to one, which looks into its own pool first,
// and then into the one in Redis that they share, if they do.
type nodes struct {
	t       *trace
	link    link // with nil: each node is alone
	list    []*node
	now     time.Duration
	renewal time.Duration
	waits   map[int]*waiter
	byID    map[shared.ID]*waiter
	wakes   wakes
	across  int   // pairs that the shared pool made
	err     error // the first; nothing is done after it
}

type node struct {
	*ours
	shared *shared.Pool
}

// waiter is a ticket that waits, and where.
type waiter struct {
	number int
	node   *node
	id     shared.ID
	recent []shared.Tag
}

// link gives calls more time than a site does: it is not the machine that is tried.
type link struct{ *redis.Conn }

func (l link) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 20*time.Second)
}

func newNodes(t *trace, count int, patience time.Duration, conn *redis.Conn) (*nodes, error) {
	n := &nodes{t: t, link: link{conn}, waits: make(map[int]*waiter), byID: make(map[shared.ID]*waiter)}
	for i := range count {
		one := &node{ours: newOurs(t, patience)}
		n.list = append(n.list, one)
		if conn == nil {
			continue
		}
		one.pool.SetShare(1 / float64(count))
		var err error
		if one.shared, err = shared.New(n.link, shared.Options{
			Node: fmt.Sprint("node", i), Member: shared.NewTag(), Lease: time.Hour, Now: func() time.Time { return epoch.Add(n.now) },
		}); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *nodes) arrive(i int, recent []ident.Session, now time.Duration) (int, bool) {
	n.now = now
	home := n.list[i%len(n.list)]
	if partner, ok := home.arrive(i, recent, now); ok {
		n.out(partner)
		return partner, true
	}
	w := &waiter{number: i, node: home, id: shared.NewID()}
	for _, id := range recent {
		w.recent = append(w.recent, shared.Tag(id[:8]))
	}
	n.waits[i], n.byID[w.id] = w, w
	if home.shared == nil || n.err != nil {
		return 0, false
	}
	v, terms := n.t.arrivals[i].visitor, home.tickets[i].Terms()
	t := shared.Ticket{
		ID: w.id, Session: shared.Tag(v.ID[:8]), Mode: string(v.Mode), Languages: v.Languages, IDF: terms.IDF, Worth: terms.Worth,
		Patience: home.patience, Since: epoch.Add(now), Recent: w.recent,
	}
	for _, interest := range terms.Interests {
		hash := fnv.New64a()
		io.WriteString(hash, interest)
		t.Interests = append(t.Interests, shared.Tag(binary.LittleEndian.AppendUint64(nil, hash.Sum64())))
	}
	return n.met(w)(home.shared.Offer(context.Background(), t))
}

// met returns what takes note of a search in the shared pool for w.
func (n *nodes) met(w *waiter) func(*shared.Found, time.Duration, error) (int, bool) {
	return func(found *shared.Found, again time.Duration, err error) (int, bool) {
		switch {
		case err != nil:
			n.fail(err)
		case found != nil:
			n.across++
			partner := n.byID[found.ID].number
			n.pairedElsewhere(w.number)
			n.pairedElsewhere(partner)
			return partner, true
		default:
			heap.Push(&n.wakes, wake{n.now + again, w})
		}
		return 0, false
	}
}

func (n *nodes) pairedElsewhere(i int) {
	w := n.waits[i]
	w.node.pool.Paired(w.node.tickets[i], epoch.Add(n.now))
	w.node.forget(w.node.tickets[i])
	n.out(i)
}

// out takes a ticket out of the shared pool.
func (n *nodes) out(i int) {
	w := n.waits[i]
	delete(n.waits, i)
	delete(n.byID, w.id)
	if w.node.shared != nil {
		n.fail(w.node.shared.Withdraw(context.Background(), w.id))
	}
}

func (n *nodes) fail(err error) {
	if n.err == nil {
		n.err = err
	}
}

func (n *nodes) leave(i int, now time.Duration) {
	n.now = now
	n.waits[i].node.leave(i, now)
	n.out(i)
}

func (n *nodes) next() (at time.Duration, ok bool) {
	for _, one := range n.list {
		if then, wakes := one.next(); wakes && (!ok || then < at) {
			at, ok = then, true
		}
	}
	for len(n.wakes) > 0 && n.waits[n.wakes[0].waiter.number] != n.wakes[0].waiter {
		heap.Pop(&n.wakes)
	}
	if len(n.wakes) > 0 && (!ok || n.wakes[0].at < at) {
		at, ok = n.wakes[0].at, true
	}
	return at, ok
}

func (n *nodes) wake(now time.Duration) (pairs [][2]int) {
	n.now = now
	for _, one := range n.list {
		if then, ok := one.next(); !ok || then > now {
			continue
		}
		for _, p := range one.wake(now) {
			n.out(p[0])
			n.out(p[1])
			pairs = append(pairs, p)
		}
	}
	for len(n.wakes) > 0 && n.wakes[0].at <= now && n.err == nil {
		w := heap.Pop(&n.wakes).(wake).waiter
		if n.waits[w.number] != w {
			continue
		}
		if partner, ok := n.met(w)(w.node.shared.Search(context.Background(), w.id, w.recent, nil)); ok {
			pairs = append(pairs, [2]int{w.number, partner})
		}
	}
	if now >= n.renewal {
		n.renewal = now + 5*time.Second
		for _, one := range n.list {
			if one.shared != nil && n.err == nil {
				lost, err := one.shared.Renew(context.Background())
				if err == nil && len(lost) > 0 {
					err = errors.New("the shared pool has lost tickets")
				}
				n.fail(err)
			}
		}
	}
	return pairs
}

// wake is when a ticket searches again; wakes is a heap of them.
type wake struct {
	at     time.Duration
	waiter *waiter
}

type wakes []wake

func (w wakes) Len() int           { return len(w) }
func (w wakes) Less(i, j int) bool { return w[i].at < w[j].at }
func (w wakes) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *wakes) Push(x any)        { *w = append(*w, x.(wake)) }
func (w *wakes) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}

// playNodes plays the trace to so many nodes, which share a pool if there is a connection, and
// returns how many of the pairs that one made.
func playNodes(t *trace, count int, patience time.Duration, conn *redis.Conn, optimum float64) (q quality, across int, err error) {
	n, err := newNodes(t, count, patience, conn)
	if err != nil {
		return q, 0, err
	}
	q = judge(t, play(t, n), optimum)
	return q, n.across, n.err
}

// shared is the table of how well several nodes pair, alone and with the pool that they share.
func (b bench) shared(conn *redis.Conn) error {
	table := markdown.NewTable(b.out, "arrivals/s", "patience", "site", "Q", "with a common interest", "wait p50", "p99", "left unpaired", "pairs that the shared pool made")
	for _, rate := range []float64{2, 10, 50} {
		t := newTrace(standard(b.tickets, rate))
		for _, patience := range b.patiences {
			markAlone(t, patience)
			optimum := best(t, patience)
			for _, site := range []struct {
				name  string
				nodes int
				conn  *redis.Conn
			}{{"one node", 1, nil}, {"3 nodes, each alone", 3, nil}, {"3 nodes, shared pool", 3, conn}, {"10 nodes, shared pool", 10, conn}} {
				q, across, err := playNodes(t, site.nodes, patience, site.conn, optimum)
				if err != nil {
					return fmt.Errorf("%s: %w", site.name, err)
				}
				table.Row(fmt.Sprint(rate), seconds(patience), site.name, fmt.Sprintf("%.3f", q.q), percent(q.common),
					seconds(q.wait.p50), seconds(q.wait.p99), percent(q.left), percent(float64(across)/float64(q.pairs)))
			}
		}
	}
	fmt.Fprintln(b.out)
	return nil
}
