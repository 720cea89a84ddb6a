package main

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/bench/command"
	shared "github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/cluster/redis"
)

// question is what the benchmark asks a node.
type question struct {
	Ask string `json:"ask"` // "start", "warm", "measure", "fill" or "renew"

	// Start.
	URL     string `json:"url,omitempty"`
	Dir     string `json:"dir,omitempty"` // of the nodes' sockets
	Node    int    `json:"node,omitempty"`
	Nodes   int    `json:"nodes,omitempty"`
	Waiting int    `json:"waiting,omitempty"` // on the site
	Alike   bool   `json:"alike,omitempty"`   // all want video and speak English
	Workers int    `json:"workers,omitempty"` // searches at the same time, of this node

	Arrivals int64         `json:"arrivals,omitempty"` // warm: until the site has had so many; fill: so many that meet nobody; renew: so many times
	Time     time.Duration `json:"time,omitempty"`     // measure
}

// answer is what it says.
type answer struct {
	Error    string        `json:"error,omitempty"`
	Arrivals int           `json:"arrivals"`
	Matches  int           `json:"matches"`
	Refused  int           `json:"refused"` // of the tickets that others found: had been found already
	Downs    int           `json:"downs"`   // calls that failed because Redis did not answer in time
	Offer    quantiles     `json:"offer"`
	CPU      time.Duration `json:"cpu"`
	Waiting  int           `json:"waiting"`
	Stats    shared.Counts `json:"stats"`
}

type quantiles struct {
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
}

func quantile(list []time.Duration, percent int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)*percent/100]
}

// clockKey counts the site's arrivals.
const clockKey = "joingy:bench:arrivals"

// node is one node of the site.
type node struct {
	question
	conn   link
	pool   *shared.Pool
	socket *net.UnixConn
	clock  atomic.Int64 // simulated ns since epoch
	total  atomic.Int64 // arrivals of the site, as last heard

	mu       sync.Mutex
	visitors *visitors              // guarded by mu
	waiting  map[shared.ID]struct{} // guarded by mu
	wakes    wakes                  // guarded by mu
	matches  int                    // guarded by mu
	refused  int                    // guarded by mu
	downs    int                    // guarded by mu; calls that failed because Redis did not answer
	arrivals int                    // guarded by mu
	offers   []time.Duration        // guarded by mu
	counting bool                   // guarded by mu
	err      error                  // guarded by mu: the first
}

// link gives calls more time than a site does: it is not the machine that is tried.
type link struct{ *redis.Conn }

func (l link) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 20*time.Second)
}

// answer does what is asked.
func (n *node) answer(q question) answer {
	var a answer
	var err error
	ctx := context.Background()
	switch q.Ask {
	case "start":
		err = n.start(ctx, q)
	case "warm":
		err = n.run(ctx, func() bool { return n.total.Load() < q.Arrivals })
	case "measure":
		n.reset(true)
		before, stats := command.CPU(), n.pool.Stats().Counts
		end := time.Now().Add(q.Time)
		err = n.run(ctx, func() bool { return time.Now().Before(end) })
		n.mu.Lock()
		a = answer{
			Arrivals: n.arrivals, Matches: n.matches, Refused: n.refused, Downs: n.downs, CPU: command.CPU() - before, Waiting: len(n.waiting),
			Offer: quantiles{quantile(n.offers, 50), quantile(n.offers, 99)}, Stats: n.pool.Stats().Counts,
		}
		n.mu.Unlock()
		a.Stats.Calls -= stats.Calls
		a.Stats.Visits -= stats.Visits
		n.reset(false)
	case "fill":
		err = n.fill(ctx, int(q.Arrivals))
	case "renew":
		for range q.Arrivals {
			if err = patiently(func() error { _, err := n.pool.Renew(ctx); return err }); err != nil {
				break
			}
		}
	default:
		err = fmt.Errorf("asked for %q", q.Ask)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

func (n *node) reset(counting bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.matches, n.refused, n.downs, n.arrivals, n.offers, n.counting = 0, 0, 0, 0, nil, counting
}

func (n *node) start(ctx context.Context, q question) error {
	n.question = q
	conn, err := redis.Dial(ctx, redis.Options{URL: q.URL}, nil)
	if err != nil {
		return err
	}
	n.conn = link{conn}
	n.waiting = make(map[shared.ID]struct{})
	n.visitors = newVisitors(q.Waiting, uint64(q.Node), 1/float64(q.Nodes))
	if q.Alike {
		for _, v := range n.visitors.people {
			v.Mode, v.Languages = "video", []string{"en"}
		}
	}
	if n.socket, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: n.socketOf(name(q.Node)), Net: "unixgram"}); err != nil {
		return err
	}
	go n.listen()
	n.pool, err = shared.New(n.conn, shared.Options{Node: name(q.Node), Member: shared.NewTag(), Lease: 1000 * time.Hour, Now: n.now})
	return err
}

func name(node int) string { return fmt.Sprint("node", node) }

func (n *node) socketOf(node string) string { return filepath.Join(n.Dir, node) }

func (n *node) now() time.Time { return epoch.Add(time.Duration(n.clock.Load())) }

// listen takes note of tickets that other nodes have found. It ends with the process.
func (n *node) listen() {
	var id shared.ID
	for {
		if _, err := n.socket.Read(id[:]); err != nil {
			return
		}
		n.found(id)
	}
}

// found takes note that a ticket was found.
func (n *node) found(id shared.ID) {
	n.mu.Lock()
	_, waits := n.waiting[id]
	delete(n.waiting, id)
	if !waits {
		n.refused++
	}
	n.mu.Unlock()
	if err := n.pool.Taken(context.Background(), id); err != nil && !errors.Is(err, redis.ErrDown) {
		n.fail(err)
	}
}

func (n *node) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err == nil {
		n.err = err
	}
}

// run lets visitors arrive, and those who wait search again when it is time, as long as it is to.
func (n *node) run(ctx context.Context, on func() bool) error {
	var workers sync.WaitGroup
	for range n.Workers {
		workers.Go(func() {
			for on() && n.failed() == nil {
				if err := n.batch(ctx); err != nil {
					n.fail(err)
				}
			}
		})
	}
	done := make(chan struct{})
	var renewals sync.WaitGroup
	renewals.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if _, err := n.pool.Renew(ctx); err != nil && !errors.Is(err, redis.ErrDown) {
				n.fail(err)
			}
		}
	})
	workers.Wait()
	close(done)
	renewals.Wait()
	return n.failed()
}

func (n *node) failed() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// batch lets some visitors arrive, and the clock go on with that.
func (n *node) batch(ctx context.Context) error {
	batch := int64(min(max(n.Waiting/1000, 1), 32)) // the clocks differ by what is under way
	client := n.conn.Client()
	total, err := client.Do(ctx, client.B().Incrby().Key(clockKey).Increment(batch).Build()).AsInt64()
	if errors.Is(err, redis.ErrDown) {
		time.Sleep(100 * time.Millisecond)
		return nil
	}
	if err != nil {
		return err
	}
	n.total.Store(total)
	rate := rateFor(n.Waiting)
	for i := range batch {
		at := int64(float64(total-batch+i) / rate * float64(time.Second))
		for was := n.clock.Load(); was < at && !n.clock.CompareAndSwap(was, at); was = n.clock.Load() {
		}
		if err := n.due(ctx); err != nil {
			return err
		}
		if err := n.arrive(ctx); err != nil {
			return err
		}
	}
	return nil
}

// arrive offers the next visitor's ticket.
func (n *node) arrive(ctx context.Context) error {
	n.mu.Lock()
	t := n.visitors.ticket(n.now())
	n.waiting[t.ID] = struct{}{}
	n.arrivals++
	n.mu.Unlock()
	began := time.Now()
	found, again, err := n.pool.Offer(ctx, t)
	took := time.Since(began)
	n.mu.Lock()
	if n.counting {
		n.offers = append(n.offers, took)
	}
	n.mu.Unlock()
	return n.outcome(t.ID, found, again, err)
}

// due searches for those for whom it is time.
func (n *node) due(ctx context.Context) error {
	for {
		n.mu.Lock()
		if len(n.wakes) == 0 || n.wakes[0].at > time.Duration(n.clock.Load()) {
			n.mu.Unlock()
			return nil
		}
		id := heap.Pop(&n.wakes).(wake).id
		_, waits := n.waiting[id]
		n.mu.Unlock()
		if !waits {
			continue
		}
		found, again, err := n.pool.Search(ctx, id, nil, nil)
		if err := n.outcome(id, found, again, err); err != nil {
			return err
		}
	}
}

// outcome takes note of what became of a search.
func (n *node) outcome(id shared.ID, found *shared.Found, again time.Duration, err error) error {
	n.mu.Lock()
	_, waits := n.waiting[id]
	switch {
	case errors.Is(err, shared.ErrGone):
		n.mu.Unlock() // its finder's word is on its way
		return nil
	case errors.Is(err, redis.ErrDown): // too busy a machine: its visitors are lost
		delete(n.waiting, id)
		n.downs++
		n.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
		return nil
	case err != nil:
		n.mu.Unlock()
		return err
	case found == nil:
		if waits {
			heap.Push(&n.wakes, wake{time.Duration(n.clock.Load()) + again, id})
		}
		n.mu.Unlock()
		return nil
	}
	delete(n.waiting, id)
	if waits {
		n.matches++
	}
	n.mu.Unlock()
	if found.Node == name(n.Node) {
		n.found(found.ID)
		return nil
	}
	_, err = n.socket.WriteToUnix(found.ID[:], &net.UnixAddr{Name: n.socketOf(found.Node), Net: "unixgram"})
	return err
}

// fill puts tickets in that meet nobody.
func (n *node) fill(ctx context.Context, tickets int) error {
	var workers sync.WaitGroup
	for worker := range n.Workers {
		workers.Go(func() {
			for i := worker; i < tickets && n.failed() == nil; i += n.Workers {
				n.mu.Lock()
				t := n.visitors.ticket(n.now())
				n.mu.Unlock()
				t.Session = shared.Tag{}
				_, _, err := n.pool.Offer(ctx, t)
				for ; errors.Is(err, redis.ErrDown); _, _, err = n.pool.Offer(ctx, t) {
					time.Sleep(100 * time.Millisecond)
					t.ID = shared.NewID()
				}
				if err != nil {
					n.fail(err)
				}
			}
		})
	}
	workers.Wait()
	return n.failed()
}

// wake is when a ticket searches again; wakes is a heap of them.
type wake struct {
	at time.Duration
	id shared.ID
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
