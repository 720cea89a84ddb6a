package bans

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

const (
	compareEvery = 250 * time.Millisecond
	patience     = 300 * time.Millisecond // for what is under way
	askAgain     = 500 * time.Millisecond // doubled with each time in vain
	askLatest    = 2 * time.Second
)

// lacking is something that others have and this store does not.
type lacking struct {
	after uint64 // it has the versions up to this one
	tries int
	next  time.Time // when to ask
}

// reconciler asks for what is missing, alone.
type reconciler struct {
	*Feed
	lacks map[string]*lacking // by origin
}

// reconcile compares the store with what others say that they have.
func (f *Feed) reconcile(ctx context.Context) {
	r := &reconciler{f, map[string]*lacking{}}
	ticker := time.NewTicker(compareEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-f.missed: // whoever has sent what follows has it
			if m.From != f.opts.Node {
				r.lack(m.Origin, m.After, []string{m.From}, time.Now(), 0)
			}
		case <-f.came:
			if len(r.lacks) > 0 { // perhaps what was asked for, and there is more
				r.compare(time.Now())
			}
		case now := <-ticker.C:
			r.compare(now)
		}
	}
}

func (r *reconciler) compare(now time.Time) {
	if r.conn.State() == redis.Down {
		return // nobody hears
	}
	if err := r.announce(); err != nil {
		r.failed("read the ban store", err)
		return
	}
	has := map[string][]string{} // nodes by the origins that this one lacks
	after := map[string]uint64{}
	digests := r.opts.Peers.Digests()
	for _, node := range slices.Sorted(maps.Keys(digests)) {
		if node == r.opts.Node {
			continue
		}
		lacks, err := r.opts.Store.Learn(digests[node])
		if err != nil {
			r.failed("compare bans with node "+node, err)
			continue
		}
		for origin, version := range lacks {
			has[origin], after[origin] = append(has[origin], node), version
		}
	}
	for origin, l := range r.lacks {
		if has[origin] == nil && now.After(l.next) {
			delete(r.lacks, origin)
		}
	}
	for origin, nodes := range has {
		r.lack(origin, after[origin], nodes, now, patience)
	}
	r.counts.lacking.Store(int64(len(has)))
}

// lack asks one of the nodes, if it is time: after wait, if nobody was asked yet.
func (r *reconciler) lack(origin string, after uint64, nodes []string, now time.Time, wait time.Duration) {
	l := r.lacks[origin]
	if l == nil {
		l = &lacking{after: after, next: now.Add(wait)}
		r.lacks[origin] = l
	}
	if soon := now.Add(patience / 10); after > l.after { // it comes
		if l.after, l.tries = after, 0; l.next.After(soon) {
			l.next = soon
		}
	}
	if now.Before(l.next) {
		return
	}
	home, _, _ := strings.Cut(origin, "/")
	n := slices.Index(nodes, home)
	if n < 0 || l.tries > 0 {
		n = l.tries % len(nodes)
	}
	if !offer(r.asks, frame{Origin: origin, After: after, Ask: nodes[n]}) {
		r.counts.dropped.Add(1)
	}
	l.next = now.Add(min(askAgain<<l.tries, askLatest))
	l.tries = min(l.tries+1, 10)
}
