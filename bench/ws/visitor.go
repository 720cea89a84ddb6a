package main

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/client"
)

// visitor is one session. A goroutine of its own receives.
type visitor struct {
	load    *load
	conn    *client.Conn
	addr    netip.Addr
	relayed netip.AddrPort // its allocation (allocate)

	partner atomic.Pointer[visitor]
	pair    string     // set by meet
	events  chan event // what the hub, not the partner, says

	mu   sync.Mutex             // guards what follows
	sent map[string][]time.Time // when what is on its way to the partner was sent, by type
}

// event is a waiting or matched message.
type event struct {
	kind, pair, role string
	at               time.Time
}

// newVisitor opens the session of the visitor with this number.
func (l *load) newVisitor(ctx context.Context, number int) (*visitor, error) {
	addr := visitorAddr(number)
	conn, err := client.Dial(ctx, client.Options{URL: l.url, LocalAddr: addr})
	if err != nil {
		return nil, err
	}
	v := &visitor{load: l, conn: conn, addr: addr, events: make(chan event, 4)}
	l.done.Go(v.receive)
	return v, nil
}

// receive takes what comes until the load is closed.
func (v *visitor) receive() {
	defer v.conn.CloseNow()
	for {
		m, err := v.conn.Receive(v.load.ctx)
		if err == nil {
			err = v.take(m)
		}
		if err != nil {
			v.load.cancel(fmt.Errorf("a session: %w", err))
			return
		}
	}
}

// take takes one message. In a benchmark nothing may be refused: what is would
// not be measured.
func (v *visitor) take(m client.Message) error {
	switch m.Type {
	case "waiting", "matched":
		select {
		case v.events <- event{m.Type, m.Pair, m.Role, time.Now()}:
		default:
			return fmt.Errorf("%s, which nobody waits for", m.Type)
		}
	case "typing":
		if m.On {
			return v.arrived(m.Type)
		}
	case "text", "candidate":
		return v.arrived(m.Type)
	case "description":
		if err := v.arrived(m.Type); err != nil || m.Description.Type != "offer" {
			return err
		}
		return v.describe(v.load.ctx, "answer", m.Pair)
	case "error", "rejected", "left", "banned", "challenge", "action":
		return fmt.Errorf("%s %s of %s: %s", m.Type, m.Code, m.Re, m.Detail)
	}
	return nil
}

// expect waits for an event, which must be of the kind.
func (v *visitor) expect(ctx context.Context, kind string) (event, error) {
	select {
	case e := <-v.events:
		if e.kind != kind {
			return e, fmt.Errorf("%s instead of %s", e.kind, kind)
		}
		return e, nil
	case <-ctx.Done():
		return event{}, fmt.Errorf("no %s: %w", kind, ctx.Err())
	}
}

// say sends a message to the partner and notes when. Messages of one type are
// sent by one goroutine at a time: they arrive in order.
func (v *visitor) say(ctx context.Context, kind string, message any) error {
	v.mu.Lock()
	if v.sent == nil {
		v.sent = make(map[string][]time.Time)
	}
	v.sent[kind] = append(v.sent[kind], time.Now())
	v.mu.Unlock()
	v.load.flying.Add(1)
	return v.conn.Send(ctx, message)
}

// arrived measures how long the partner's oldest message of the type was under
// way.
func (v *visitor) arrived(kind string) error {
	now, partner := time.Now(), v.partner.Load()
	if partner == nil {
		return fmt.Errorf("%s, without a partner", kind)
	}
	at, ok := partner.landed(kind)
	if !ok {
		return fmt.Errorf("%s, which the partner did not send", kind)
	}
	v.load.sample(kind, now.Sub(at))
	v.load.flying.Add(-1)
	return nil
}

// landed forgets the oldest message of the type under way, and returns when it
// was sent.
func (v *visitor) landed(kind string) (at time.Time, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	sent := v.sent[kind]
	if len(sent) == 0 {
		return at, false
	}
	at = sent[0]
	v.sent[kind] = append(sent[:0], sent[1:]...)
	return at, true
}
