package bus

import (
	"context"
	"time"
)

// action is what a link's writer does next.
type action int

const (
	stop   action = iota // nothing is left to do
	pause                // until step.until, or woken
	greet                // ask who is there
	reply                // to a greeting
	remind               // a mark: of what was dropped
	send                 // step.batch
)

// step is one of a writer's steps.
type step struct {
	do    action
	until time.Time
	batch *batch
	to    Incarnation
	next  uint64 // of a mark
}

// stepLocked decides on a writer's next step.
func (b *Bus) stepLocked(l *link, now time.Time) step {
	o := &l.out
	// Whoever greets, again and again, holds no message up: there is one between two replies.
	greeted := o.greeter != (Incarnation{})
	if greeted && !o.replied {
		return o.replyLocked()
	}
	o.replied = false
	b.counts.expired.Add(uint64(o.expireLocked(now)))
	todo := step{do: stop}
	known := l.stream.now != (Incarnation{})
	waiting := o.flying != nil || len(o.queue) > 0
	switch {
	case waiting && known:
		todo = step{do: send, to: l.stream.now}
	case waiting:
		todo = step{do: greet, next: o.pendingLocked()}
	case o.lost > 0 && known && (o.unheard.IsZero() || now.Sub(o.unheard) < markLasts):
		todo = step{do: remind, to: l.stream.now, next: o.next}
	}
	if todo.do != stop && now.Before(o.retryAt) {
		todo = step{do: pause, until: o.retryAt}
	}
	if b.life.over() && (o.tries > 0 || todo.do != send) {
		todo = step{do: stop} // what can go out at once did
	}
	if greeted && (todo.do == stop || todo.do == pause) {
		return o.replyLocked()
	}
	if todo.do == send {
		if o.flying == nil {
			o.flying, o.queue = o.queue[0], o.queue[1:]
		}
		todo.batch = o.flying
	}
	if todo.do == stop {
		o.writing = false
	}
	return todo
}

// replyLocked returns the reply to a greeting.
func (o *outbox) replyLocked() step {
	s := step{do: reply, to: o.greeter, next: o.pendingLocked()}
	o.greeter, o.replied = Incarnation{}, true
	return s
}

// frame returns what a step publishes.
func (b *Bus) frame(l *link, s step) []byte {
	if s.batch == nil {
		return b.sealer.seal(appendHead(nil, s.to, s.next, b.self.Name), l.associated)
	}
	if !s.batch.sealed {
		address(s.batch.frame, s.to)
		s.batch.frame, s.batch.sealed = b.sealer.seal(s.batch.frame, l.associated), true
	}
	return s.batch.frame
}

// doneLocked notes what became of a step.
func (b *Bus) doneLocked(l *link, s step, listeners int64, err error, now time.Time) {
	o := &l.out
	heard := err == nil && listeners > 0
	switch {
	case heard:
		o.unheard = time.Time{}
	case err == nil && o.unheard.IsZero():
		o.unheard = now
	}
	switch s.do {
	case reply: // if it is lost, so is the other's patience: it greets again
	case greet:
		o.failedLocked(now) // unless an answer comes before
	case remind:
		if !heard {
			o.failedLocked(now)
			break
		}
		o.workedLocked()
		if o.lost <= s.next {
			o.lost = 0
		}
	case send:
		if err != nil {
			s.batch.lent = true
		}
		if o.flying != s.batch {
			break // restarted meanwhile
		}
		if !heard {
			o.failedLocked(now)
			break
		}
		o.workedLocked()
		if o.lost <= s.batch.end() {
			o.lost = 0
		}
		o.flying = nil
		o.bytes -= s.batch.size
		b.counts.sent.Add(uint64(s.batch.count))
		s.batch.recycle()
	}
}

// write is a link's writer. It ends when there is nothing left to write.
func (b *Bus) write(l *link) {
	for {
		l.mu.Lock()
		s := b.stepLocked(l, time.Now())
		l.mu.Unlock()
		switch s.do {
		case stop:
			return
		case pause:
			timer := time.NewTimer(time.Until(s.until))
			select {
			case <-timer.C:
			case <-l.wake:
			case <-b.life.closed:
			}
			timer.Stop()
			continue
		}
		listeners, err := b.publish(l.channel, b.frame(l, s))
		l.mu.Lock()
		b.doneLocked(l, s, listeners, err, time.Now())
		l.mu.Unlock()
	}
}

// publish publishes a frame, within Options.Timeout.
func (b *Bus) publish(channel string, frame []byte) (listeners int64, err error) {
	_, ctx := b.life.contexts()
	ctx, cancel := context.WithTimeout(ctx, b.opts.Timeout)
	defer cancel()
	b.counts.framesOut.Add(1)
	b.counts.bytesOut.Add(uint64(len(frame)))
	if listeners, err = b.wire.publish(ctx, channel, frame); err != nil {
		b.counts.failed.Add(1)
	} else if listeners == 0 {
		b.counts.unheard.Add(1)
	}
	return listeners, err
}

// writeLocked gives the link a writer if it has none.
func (b *Bus) writeLocked(l *link) {
	if !l.out.writing {
		l.out.writing = b.life.start(func() { b.write(l) })
	}
}

// hurryLocked gives the link a writer, which looks anew at what is to be done.
func (b *Bus) hurryLocked(l *link) {
	b.writeLocked(l)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
