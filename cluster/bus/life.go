package bus

import (
	"context"
	"sync"
	"time"
)

// life begins and ends a bus's goroutines. It is taken after all other locks.
type life struct {
	closed chan struct{} // closed when it ends

	mu       sync.Mutex // guards what follows
	running  context.Context
	flushing context.Context // of what is published
	flushed  context.CancelFunc
	group    sync.WaitGroup // of writers and workers
}

// begin reports whether this is the first time.
func (l *life) begin(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running != nil {
		return false
	}
	l.running = ctx
	l.flushing, l.flushed = context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		close(l.closed) // no goroutine begins after this
	})
	return true
}

// over reports whether it has ended.
func (l *life) over() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// start runs a function in a goroutine if the bus is running.
func (l *life) start(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == nil || l.over() {
		return false
	}
	l.group.Go(f)
	return true
}

// contexts returns Run's, and that of what is published.
func (l *life) contexts() (running, flushing context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running, l.flushing
}

// end waits for all goroutines; what they publish has so long.
func (l *life) end(flush time.Duration) {
	<-l.closed
	timer := time.AfterFunc(flush, l.flushed)
	l.group.Wait()
	timer.Stop()
	l.flushed()
}
