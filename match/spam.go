package match

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// spamBan is a ban that the filter brings.
type spamBan struct {
	addrs []netip.Addr
	lasts time.Duration // 0: see Options.Ban
}

const maxSpamBans = 64 // waiting

// spamBans carries bans from under the hub's lock to whoever makes them, which
// may take as long as a disk does. What there is no room for is dropped and
// counted: the next strikes bring another.
type spamBans struct {
	queue   chan spamBan
	ban     func(addrs []netip.Addr, reason string, lasts time.Duration)
	queued  uint64 // guarded by Hub.mu
	dropped uint64 // guarded by Hub.mu
}

// offer is called with the hub's lock held.
func (b *spamBans) offer(ban spamBan) {
	if b.ban == nil {
		return
	}
	select {
	case b.queue <- ban:
		b.queued++
	default:
		b.dropped++
	}
}

// start makes the bans in a goroutine, until ctx ends. The caller waits for it.
func (b *spamBans) start(ctx context.Context) *sync.WaitGroup {
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case ban := <-b.queue:
				b.ban(ban.addrs, spam, ban.lasts)
			}
		}
	})
	return &done
}
