package match

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// churnedBans is a ban table that changes while visitors come.
type churnedBans struct {
	mu  sync.Mutex
	use map[netip.Addr]Use // the least that is refused
}

// banned takes its time to return, so that an answer that was not used under the lock
// is old by then.
func (b *churnedBans) banned(addr netip.Addr, use Use) (Ban, bool) {
	ban, banned := b.now(addr, use)
	time.Sleep(50 * time.Microsecond)
	return ban, banned
}

func (b *churnedBans) now(addr netip.Addr, use Use) (Ban, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	from, banned := b.use[addr]
	return Ban{}, banned && from <= use
}

// replace makes bans in the place of those before, and returns what they are on.
func (b *churnedBans) replace(random *rand.Rand) (concerns func(netip.Addr) bool) {
	bans := make(map[netip.Addr]Use)
	for range 8 {
		bans[visitorAddr(random.IntN(32))] = Use(random.IntN(2))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.use = bans
	return func(addr netip.Addr) bool { _, banned := bans[addr]; return banned }
}

// A part of trial W6: visitors come, resume from elsewhere and search all the time.
// When EnforceBans returns there is nobody who may not be there, nor later.
func TestW6NobodySlipsThroughAWalk(t *testing.T) {
	const rounds, visitors = 50, 4
	bans := new(churnedBans)
	h := crowd(4 * walkBatch) // so that the lock is given free in a walk
	h.opts.Banned, h.opts.ResumeGrace = bans.banned, time.Hour
	many := h.opts.live()
	many.SessionsPerAddress, many.SessionsPerAddressMax = 1<<20, 1<<20
	h.live.Store(&many)
	h.addresses.paces = pacesFor(1 << 20)
	over := make(chan struct{})
	var coming sync.WaitGroup
	for i := range visitors {
		coming.Go(func() {
			v := &walker{hub: h, random: rand.New(rand.NewPCG(6, uint64(i)))}
			for {
				select {
				case <-over:
					return
				default:
					v.step()
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(6, visitors))
	ended, slipped := 0, 0
	for range rounds {
		ended += h.EnforceBans(bans.replace(random))
		for range 3 {
			slipped += h.misplaced(bans)
			time.Sleep(50 * time.Microsecond)
		}
	}
	close(over)
	coming.Wait()
	if slipped != 0 || ended == 0 {
		t.Errorf("%d times somebody was there who may not be, after %d sessions were ended", slipped, ended)
	}
	t.Logf("figure: %d slipped through %d walks that ended %d sessions", slipped, rounds, ended)
	h.Close(t.Context()) //nolint:errcheck // there are no connections
}

// misplaced counts those that a ban refuses what they have.
func (h *Hub) misplaced(bans *churnedBans) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sessions {
		site := slices.ContainsFunc(s.addrs, func(a netip.Addr) bool { _, banned := bans.now(a, UseSite); return banned })
		video := slices.ContainsFunc(s.addrs, func(a netip.Addr) bool { _, banned := bans.now(a, UseVideo); return banned })
		hasVideo := s.ticket != nil && s.ticket.Mode == pool.Video || s.pair != nil && s.pair.mode == pool.Video
		if site || video && hasVideo {
			n++
		}
	}
	return n
}

// walker is a visitor who changes sockets and addresses.
type walker struct {
	hub    *Hub
	random *rand.Rand
	socket *socket
	resume string
	seen   uint64
}

// step does one thing that a visitor may.
func (v *walker) step() {
	switch {
	case v.socket == nil || v.random.IntN(3) == 0:
		v.hello()
	case v.random.IntN(4) == 0:
		v.hub.detach(v.socket, true)
		*v = walker{hub: v.hub, random: v.random}
	default:
		mode := []pool.Mode{pool.Video, pool.Text}[v.random.IntN(2)]
		v.hub.handle(v.socket, clientMessage{Type: "find", Mode: mode, Interests: []string{"chess"}}, nil)
	}
}

// hello says it on another socket, from any address, and resumes what there was.
func (v *walker) hello() {
	h := v.hub
	k := newSocket(h, visitorAddr(v.random.IntN(32)), "chat.example")
	k.timer = time.NewTimer(time.Hour)
	h.enter(k)
	h.sockets.Done() // it has no reader
	m := clientMessage{Resume: v.resume, Ack: v.seen, Consent: &consent{Adult: true}}
	if outcome, _ := h.greet(k, m, nil); outcome != greetWelcome {
		h.detach(k, false)
		k.timer.Stop()
		return
	}
	if v.socket != nil {
		h.detach(v.socket, false)
	}
	v.socket = k
	v.read()
}

// read takes what the session was told, for its resume token.
func (v *walker) read() {
	message, more := v.socket.session.out.copyNext(newBuffer(0), v.seen)
	for ; more; message, more = v.socket.session.out.copyNext(message, v.seen) {
		var m welcomeMessage
		if json.Unmarshal(message.b, &m) == nil && m.Type == "welcome" {
			v.resume = m.Resume
		}
		v.seen = m.Seq
	}
	message.free()
}
