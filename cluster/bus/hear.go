package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/joingyd/joingyd/cluster/redis"
)

// hear takes one frame off the wire. It is called for one at a time, and never blocks.
func (b *Bus) hear(text string) {
	b.counts.framesIn.Add(1)
	b.counts.bytesIn.Add(uint64(len(text)))
	from, f, err := b.opener.open([]byte(text))
	if err != nil {
		b.counts.unopened.Add(1)
		return
	}
	if f.name == b.self.Name {
		b.hearSelf(from, f)
		return
	}
	l, err := b.lockedLink(f.name)
	if err != nil {
		b.counts.overflowed.Add(uint64(f.count))
		return
	}
	defer l.mu.Unlock()
	l.last = time.Now()
	if f.to != b.self.Incarnation {
		// It knows none of this node's processes, or another one.
		if f.to != (Incarnation{}) {
			b.counts.foreign.Add(uint64(f.count))
		}
		l.out.greeter = from
		b.hurryLocked(l)
		return
	}
	before := l.stream.now
	t := b.take(&l.stream, from, f.first, f.count)
	b.counts.repeated.Add(uint64(t.skip))
	if t.over {
		return
	}
	if t.fresh {
		if before != (Incarnation{}) {
			b.counts.restarted.Add(uint64(l.out.restartLocked()))
			b.giveUp(f.name)
		}
		l.out.workedLocked()
		if len(l.out.queue) > 0 {
			b.hurryLocked(l)
		}
	}
	l.in.lost = l.in.lost || t.gap
	if t.skip < f.count {
		b.counts.received.Add(uint64(f.count - t.skip))
		if waiting := b.answers(f.name, f.messages, t.skip); waiting &&
			!l.in.pushLocked(item{from: Peer{f.name, from}, messages: f.messages, skip: t.skip}, b.opts.Inbox) {
			b.counts.overflowed.Add(uint64(f.count - t.skip))
		}
	}
	b.workLocked(l)
}

// answers gives the answers among a frame's messages to who waits for them, past all that
// waits for Handler: Handler may be who asks. It reports whether there is more.
func (b *Bus) answers(name string, messages []byte, skip int) (more bool) {
	for rest := messages; len(rest) > 0; skip-- {
		var m message
		m, rest, _ = next(rest) // parse has seen it
		switch {
		case skip > 0:
		case m.class == answer, m.class == refusal:
			b.answered(name, m)
		default:
			more = true
		}
	}
	return more
}

// confirm notes that the channel is listened to, anew: whatever was said before may have been
// missed.
func (b *Bus) confirm() {
	b.counts.subscribed.Add(1)
	b.listening.confirm()
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, l := range b.links {
		l.mu.Lock()
		if l.stream.now != (Incarnation{}) {
			l.in.lost = true
			b.workLocked(l)
		}
		l.mu.Unlock()
	}
}

// listen keeps the subscription until ctx ends.
func (b *Bus) listen(ctx context.Context) {
	for last := ""; ctx.Err() == nil; {
		attempt, cancel := context.WithCancel(ctx)
		b.listening.begin(cancel, time.Now())
		err := b.wire.subscribe(attempt, b.channel, b.confirm, b.hear)
		cancel()
		if ctx.Err() != nil {
			return
		}
		said := fmt.Sprint(err)
		if b.listening.end() || said != last {
			b.log.Warn("bus: not listening to other nodes", "error", redis.Explain(err))
		}
		last = said
		select {
		case <-ctx.Done():
		case <-time.After(resubscribeTime):
		}
	}
}

// resubscribeTime is between the end of a subscription and the next.
const resubscribeTime = 100 * time.Millisecond
