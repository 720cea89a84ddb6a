package bus

import (
	"context"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/joingyd/joingyd/cluster/redis"
)

const (
	beatTime = time.Second     // between two beats
	warnTime = time.Minute     // between two lines in the log about beats
	deafTime = 2 * time.Second // without a beat's return, or a subscription's confirmation
)

// listening is what is known of the subscription. A beat is a frame to oneself: if Redis took
// it and it does not come back, nothing that others say comes either, for example because
// publishing and listening go to two servers after a failover.
type listening struct {
	mu        sync.Mutex // guards what follows
	cancel    context.CancelFunc
	began     time.Time // of the attempt
	confirmed bool
	beat      uint64        // the last that was sent
	taken     uint64        // the last that Redis took
	back      uint64        // the last that came back
	at        time.Time     // when taken was sent
	took      time.Duration // of the last that came back
}

func (s *listening) begin(cancel context.CancelFunc, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel, s.began, s.confirmed = cancel, now, false
}

func (s *listening) confirm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirmed, s.back = true, s.beat // those sent before say nothing
}

// end reports whether the subscription was confirmed.
func (s *listening) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.confirmed
	s.confirmed = false
	return was
}

// next returns the number of the next beat.
func (s *listening) next(now time.Time) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beat++
	if s.taken <= s.back {
		s.at = now
	}
	return s.beat
}

// sent notes that Redis took a beat.
func (s *listening) sent(beat uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = beat
}

// returned notes a beat that came back.
func (s *listening) returned(beat uint64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if beat == s.beat {
		s.took = now.Sub(s.at)
	}
	s.back = max(s.back, beat)
}

// deaf reports whether the subscription is good for nothing, and ends it then.
func (s *listening) deaf(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	deaf := s.confirmed && s.taken > s.back && now.Sub(s.at) >= deafTime ||
		!s.confirmed && now.Sub(s.began) >= deafTime
	if deaf && s.cancel != nil {
		s.cancel()
		s.began = now
	}
	return deaf
}

// beats sends beats until ctx ends.
func (b *Bus) beats(ctx context.Context) {
	tick := time.NewTicker(beatTime)
	defer tick.Stop()
	own := associated(b.channel)
	var warned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if b.listening.deaf(now) {
				b.counts.deaf.Add(1)
			}
			beat := b.listening.next(now)
			frame := b.sealer.seal(appendHead(nil, b.self.Incarnation, beat, b.self.Name), own)
			_, err := b.publish(b.channel, frame)
			if err == nil {
				b.listening.sent(beat)
			} else if _, answer := rueidis.IsRedisErr(err); answer && now.Sub(warned) >= warnTime {
				warned = now
				b.log.Warn("bus: redis does not take what this node says to others", "error", redis.Explain(err))
			}
		}
	}
}

// hearSelf takes a frame that has this node's own name.
func (b *Bus) hearSelf(from Incarnation, f frame) {
	if from == b.self.Incarnation {
		b.listening.returned(f.first, time.Now())
		return
	}
	b.counts.twins.Add(1)
	if now := time.Now(); now.Sub(b.warned) >= warnTime {
		b.warned = now
		b.log.Warn("bus: another process uses this node's name, or did just now; give each node a name of its own (cluster.node)",
			"node", b.self, "other", from.String())
	}
}
