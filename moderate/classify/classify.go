package classify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxImage bounds an image, in bytes.
const MaxImage = 64 << 10

// Verdict is what a classifier says of an image.
type Verdict struct {
	Model  string             // that judged, 1 to 100 visible ASCII characters
	Labels map[string]float64 // 1 to 32 scores from 0 to 1, by names of [a-z0-9_-]
}

// Classify asks what a JPEG shows. It returns within Options.Timeout, or when ctx
// ends, and then nothing reads jpeg any more. The error wraps one of ErrBusy,
// ErrResting, ErrUnavailable, ErrBadAnswer and ErrImage, or context.Canceled.
func (c *Client) Classify(ctx context.Context, jpeg []byte) (Verdict, error) {
	began := time.Now()
	c.mu.Lock()
	c.stats.Asked++
	c.mu.Unlock()
	if len(jpeg) == 0 || len(jpeg) > MaxImage {
		f := &fault{kind: refusedImage, err: fmt.Errorf("%w: it has %d bytes; send 1 to %d", ErrImage, len(jpeg), MaxImage)}
		c.count(f)
		return Verdict{}, f.err
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if f := c.wait(limited); f != nil {
		c.count(f)
		return Verdict{}, f.err
	}
	defer func() { <-c.slots }()
	p, f := c.begin()
	if f != nil {
		c.count(f)
		return Verdict{}, f.err
	}
	retries := c.retries
	if p.probe {
		retries = 0
	}
	verdict, f := c.ask(limited, jpeg, retries)
	c.end(p, f, time.Since(began))
	if f != nil {
		return Verdict{}, f.err
	}
	return verdict, nil
}

// wait returns with one of the slots, or says why there is none.
func (c *Client) wait(ctx context.Context) *fault {
	c.mu.Lock()
	if !c.breaker.admits() {
		c.mu.Unlock()
		return resting()
	}
	select {
	case c.slots <- struct{}{}:
		c.mu.Unlock()
		return nil
	default:
	}
	if c.stats.Waiting >= c.queue {
		c.mu.Unlock()
		return &fault{kind: dropped, err: fmt.Errorf("%w: %d, which is all that may", ErrBusy, c.queue)}
	}
	c.stats.Waiting++
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.stats.Waiting--
		c.mu.Unlock()
	}()
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return &fault{kind: cancelled, err: ctx.Err()}
		}
		return &fault{kind: dropped, err: fmt.Errorf("%w: the time was over before a place was free", ErrBusy)}
	}
}

// begin asks the breaker, once there is a slot: it may have opened meanwhile.
func (c *Client) begin() (pass, *fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.breaker.admit()
	if !ok {
		return pass{}, resting()
	}
	c.stats.InFlight++
	return p, nil
}

// end tells the breaker, and counts.
func (c *Client) end(p pass, f *fault, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.InFlight--
	c.stats.add(f)
	switch {
	case f == nil:
		c.stats.Took += took
		c.breaker.settle(p, worked)
	case f.kind == refusedImage:
		c.breaker.settle(p, worked)
	case f.kind == cancelled:
		c.breaker.settle(p, unknown)
	default:
		c.breaker.settle(p, failed)
	}
}

func (c *Client) count(f *fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.add(f)
}

// ask tries once, and again where that may help.
func (c *Client) ask(ctx context.Context, jpeg []byte, retries int) (Verdict, *fault) {
	image := &loan{image: jpeg}
	defer image.end()
	for {
		verdict, f := c.askOnce(ctx, image, len(jpeg))
		if f == nil || !f.again || retries == 0 || !pause(ctx, f.after) {
			return verdict, f
		}
		retries--
		c.mu.Lock()
		c.stats.Retried++
		c.mu.Unlock()
	}
}

// pause waits for a moment, other for everyone, and at least as long as the
// classifier asks for. It reports whether there is time left.
func pause(ctx context.Context, atLeast time.Duration) bool {
	d := max(jitter(), atLeast)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
