package trial_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/client"
)

const (
	banEvery = 150 * time.Millisecond
	inForce  = 4 * time.Second // on all nodes, on a machine that is busy
)

// bans is what an operator did, at one node or another, as far as the node said that it was done.
type bans struct {
	site    *site
	history *history
	crowd   *crowd
	work    sync.WaitGroup
	stop    context.CancelFunc

	mu      sync.Mutex // guards what follows
	targets map[netip.Addr]*target
	refused []string // what a node that answered did not do
}

// target is an address, and what was last done to it.
type target struct {
	banned  bool
	unsure  bool // the node was lost while it did something
	at      time.Duration
	node    string
	visitor int // whose address it is; 0: nobody's
}

// newBans has an operator ban and unban, until ended.
func newBans(t *testing.T, s *site, h *history, c *crowd) *bans {
	ctx, stop := context.WithCancel(context.Background())
	b := &bans{site: s, history: h, crowd: c, stop: stop, targets: map[netip.Addr]*target{}}
	b.work.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			b.once(n)
			pause(ctx, banEvery)
		}
	})
	t.Cleanup(b.end)
	return b
}

func (b *bans) end() {
	b.stop()
	b.work.Wait()
}

// once bans a stranger, now and then a visitor, or lifts an old ban.
func (b *bans) once(n int) {
	at := b.site.nodes[rand.IntN(nodesOfSite)]
	if !at.isUp() {
		return
	}
	switch {
	case n%10 == 9:
		if id := b.crowd.any(); id > 0 {
			b.ban(at, addressOf(id), id)
		}
	case n%3 == 2:
		b.unban(at)
	default:
		b.ban(at, netip.AddrFrom4([4]byte{127, 99, byte(n >> 8), byte(n)}), 0)
	}
}

func (b *bans) ban(at *node, addr netip.Addr, visitor int) {
	err := at.ask(func(ctx context.Context, c *admin.Client) error {
		_, err := c.Ban(ctx, admin.BanRequest{Target: addr.String(), For: "30d", Force: true, Reason: "trial"})
		return err
	})
	b.done(at, addr, target{banned: true, visitor: visitor}, err)
}

func (b *bans) unban(at *node) {
	b.mu.Lock()
	var addr netip.Addr
	for a, t := range b.targets {
		if t.banned && !t.unsure && t.visitor == 0 && b.history.now()-t.at > time.Second {
			addr = a
			break
		}
	}
	b.mu.Unlock()
	if !addr.IsValid() {
		return
	}
	err := at.ask(func(ctx context.Context, c *admin.Client) error {
		_, err := c.Unban(ctx, admin.UnbanRequest{Target: addr.String()})
		return err
	})
	if refusal, ok := errors.AsType[*admin.Error](err); ok && refusal.Code == admin.CodeNotFound {
		return // the ban has not come there yet
	}
	b.done(at, addr, target{}, err)
}

func (b *bans) done(at *node, addr netip.Addr, t target, err error) {
	t.at, t.node = b.history.now(), at.name
	refusal, answered := errors.AsType[*admin.Error](err)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case answered && refusal.Code != admin.CodeUnavailable:
		b.refused = append(b.refused, fmt.Sprintf("%s: %s: %v", at.name, addr, err))
		return
	case err != nil:
		t.unsure = true
	}
	b.targets[addr] = &t
}

// check waits until all nodes say of each address what was last done to it, and returns how long
// that took, and what is wrong if it does not come to that.
func (b *bans) check() (took time.Duration, wrong []string) {
	addrs := slices.SortedFunc(maps.Keys(b.targets), netip.Addr.Compare)
	for start := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		if addrs, wrong = b.differ(addrs); len(wrong) == 0 || time.Since(start) > startTime {
			return time.Since(start), append(wrong, b.refused...)
		}
	}
}

// differ returns those of the addresses of which a node does not say what it should.
func (b *bans) differ(addrs []netip.Addr) (wrongly []netip.Addr, wrong []string) {
	for _, addr := range addrs {
		t := b.targets[addr]
		says := map[string]bool{}
		for _, n := range b.site.nodes {
			err := n.ask(func(ctx context.Context, c *admin.Client) error {
				result, err := c.Check(ctx, admin.CheckRequest{Address: addr.String()})
				says[n.name] = result.Banned
				return err
			})
			if err != nil {
				says[n.name+" "+err.Error()] = !t.banned
			}
		}
		for name, banned := range says {
			if t.unsure && banned == says["n1"] || !t.unsure && banned == t.banned {
				continue
			}
			wrongly = append(wrongly, addr)
			wrong = append(wrong, fmt.Sprintf("%s: %s was last done at %s, at %.1f s to banned=%v, and %s says %v", addr, map[bool]string{true: "ban", false: "unban"}[t.banned], t.node, t.at.Seconds(), t.banned, name, banned))
			break
		}
	}
	return wrongly, wrong
}

// enforced has some come from addresses that are banned, and from some that are not any more.
func (b *bans) enforced() (asked int, wrong []string) {
	for addr, t := range b.targets {
		if t.unsure || asked >= 60 {
			continue
		}
		asked++
		n := b.site.nodes[asked%nodesOfSite]
		ctx, cancel := context.WithTimeout(context.Background(), startTime)
		conn, err := client.Dial(ctx, client.Options{URL: "http://" + n.listen, LocalAddr: addr})
		cancel()
		_, refused := errors.AsType[*client.BannedError](err)
		if refused != t.banned || err != nil && !refused {
			wrong = append(wrong, fmt.Sprintf("%s at %s: banned=%v, and who came from there met %v", addr, n.name, t.banned, err))
		}
		if err == nil {
			conn.Close()
		}
	}
	return asked, wrong
}

// breaches returns what visitors were told after they were banned.
func (b *bans) breaches() (list []breach) {
	of := map[int]*target{}
	for _, t := range b.targets {
		if t.visitor != 0 && t.banned && !t.unsure {
			of[t.visitor] = t
		}
	}
	for _, d := range b.history.all() {
		t := of[d.visitor]
		if t == nil || d.what == didBreak || d.what == didEnd || d.what == "banned" {
			continue
		}
		after := span{t.at, d.at}
		if told := d.what == didCome || d.what == "matched" || d.what == "waiting" || d.what == "text"; told && after.lasts() > inForce && b.history.well(after) == after {
			list = append(list, breach{d.at, "ban", fmt.Sprintf("visitor %d of %s, who was banned at %s %v ago, got %s at %s", d.visitor, d.session, t.node, after.lasts(), d.what, d.node)})
			delete(of, d.visitor)
		}
	}
	return list
}
