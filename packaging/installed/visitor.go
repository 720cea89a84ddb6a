package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/joingyd/joingyd/client"
)

const shortest = 200 * time.Millisecond // between two attempts to come back

// visitor is somebody on the site who calls strangers by video, and who comes back as the
// browser client does when the connection ends.
type visitor struct {
	opts    client.Options
	cancel  context.CancelFunc
	running sync.WaitGroup

	sending sync.Mutex // guards conn's socket: Resume replaces it
	conn    *client.Conn
	call    call // the goroutine of run's

	mu   sync.Mutex // guards what follows
	pair string
	role string
	life life
}

// life is what happened to a visitor.
type life struct {
	resumed, anew int               // came back in the same session, or in another
	attempts      int               // to come back that failed
	texts         map[string]string // by what they say: the pair in which they came
	lost          []error           // why attempts to come back, or what was sent then, failed
	ended         error             // no way back
	heard         time.Time         // when the partner's last RTP packet came
	gap           time.Duration     // longest time without one, since it was reset
	calls         int               // that connected
}

func startVisitor(ctx context.Context, opts client.Options) (*visitor, error) {
	conn, err := client.Dial(ctx, opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	v := &visitor{opts: opts, cancel: cancel, conn: conn, life: life{texts: make(map[string]string)}}
	v.running.Go(func() {
		err := v.run(ctx)
		v.mu.Lock()
		defer v.mu.Unlock()
		v.life.ended = err
	})
	return v, nil
}

// leave ends the visit.
func (v *visitor) leave() {
	v.cancel()
	v.running.Wait()
	_ = v.conn.CloseNow()
}

// run looks for a partner, again when one leaves, until there is no way back.
func (v *visitor) run(ctx context.Context) error {
	defer v.call.end()
	err := v.find(ctx)
	for {
		var m client.Message
		if err == nil {
			m, err = v.conn.Receive(ctx)
		}
		if err == nil {
			err = v.answer(ctx, m)
			continue
		}
		if err = v.back(ctx, err); err != nil {
			return err
		}
	}
}

// back waits as the daemon said, and resumes.
func (v *visitor) back(ctx context.Context, lost error) error {
	closed, ok := errors.AsType[*client.CloseError](lost)
	if _, banned := errors.AsType[*client.BannedError](lost); ctx.Err() != nil || banned || ok && !closed.Reconnect() {
		return lost
	}
	wait := rand.N(shortest)
	if ok {
		wait = closed.Wait()
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		v.sending.Lock()
		same, err := v.conn.Resume(ctx)
		v.sending.Unlock()
		v.mu.Lock()
		switch {
		case err != nil:
			v.life.attempts++
		case same:
			v.life.resumed++
		default:
			v.life.anew++
			v.pair = ""
		}
		pair, role := v.pair, v.role
		v.mu.Unlock()
		if _, banned := errors.AsType[*client.BannedError](err); banned {
			return err
		}
		switch {
		case err != nil:
		case pair == "":
			v.call.end()
			err = v.find(ctx)
		case role == impolite: // the relay forgot the call, if it was another daemon
			err = v.offer(ctx)
		}
		if err == nil {
			return nil
		}
		wait = shortest // what cannot be sent says as little as what cannot be opened
		v.mu.Lock()
		v.life.lost = append(v.life.lost, err)
		v.mu.Unlock()
	}
}

func (v *visitor) send(ctx context.Context, message map[string]any) error {
	v.sending.Lock()
	defer v.sending.Unlock()
	return v.conn.Send(ctx, message)
}

func (v *visitor) find(ctx context.Context) error {
	return v.send(ctx, map[string]any{"type": "find", "mode": "video", "interests": []string{"installing"}})
}

// answer does what a browser does with a message.
func (v *visitor) answer(ctx context.Context, m client.Message) error {
	switch m.Type {
	case "matched":
		v.mu.Lock()
		v.pair, v.role = m.Pair, m.Role
		v.mu.Unlock()
		if m.Role == impolite {
			return v.offer(ctx)
		}
	case "description":
		return v.described(ctx, *m.Description)
	case "candidate":
		return v.call.candidate(m.Candidate)
	case "left":
		v.call.end()
		v.mu.Lock()
		v.pair = ""
		v.mu.Unlock()
		return v.find(ctx)
	case "text":
		v.mu.Lock()
		defer v.mu.Unlock()
		v.life.texts[m.Body] = m.Pair
	}
	return nil
}

// look returns what happened so far, and the present pair.
func (v *visitor) look() (life, string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.life, v.pair
}

// got reports whether the partner said that.
func (v *visitor) got(body string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.life.texts[body]
	return ok
}

// say has the visitor say something, and waits until the other hears it.
func (v *visitor) say(ctx context.Context, to *visitor, body string) error {
	_, pair := v.look()
	if err := v.send(ctx, map[string]any{"type": "text", "pair": pair, "id": body, "body": body}); err != nil {
		return err
	}
	return until(ctx, func() error {
		if !to.got(body) {
			return fmt.Errorf("the text %q does not come", body)
		}
		return nil
	})
}

// listen begins to measure how long nothing is heard.
func (v *visitor) listen() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.life.gap = 0
}

func (v *visitor) heard() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	if !v.life.heard.IsZero() {
		v.life.gap = max(v.life.gap, now.Sub(v.life.heard))
	}
	v.life.heard = now
}

// hears waits for a packet that comes later than since.
func (v *visitor) hears(ctx context.Context, since time.Time) error {
	return until(ctx, func() error {
		if l, _ := v.look(); !l.heard.After(since) {
			return fmt.Errorf("no RTP comes (session ended: %v; before: %v)", l.ended, l.lost)
		}
		return nil
	})
}
