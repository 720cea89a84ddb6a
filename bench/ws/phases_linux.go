package main

import (
	"context"
	"time"
)

// hold makes sessions in steps and reads the server's memory before the first and
// after each.
func (b *bench) hold(ctx context.Context, s server, loads []*process) (*held, error) {
	h := &held{join: did{samples: make(map[string][]time.Duration)}}
	if err := b.rest(ctx, s, h, 0); err != nil {
		return nil, err
	}
	made := 0
	for step := range b.steps {
		all := b.sessions * (step + 1) / b.steps
		d, err := b.ask(s, loads, all-made, question{Ask: "join"})
		if err != nil {
			return nil, err
		}
		made = all
		h.join.took, h.join.cpu = h.join.took+d.took, h.join.cpu+d.cpu
		h.join.samples["join"] = append(h.join.samples["join"], d.samples["join"]...)
		if err := b.rest(ctx, s, h, all); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// rest waits for the server to settle and reads its memory.
func (b *bench) rest(ctx context.Context, s server, h *held, sessions int) error {
	select {
	case <-time.After(b.settle):
	case <-ctx.Done():
		return ctx.Err()
	}
	m, err := s.memory()
	b.progress("%d sessions: %+v", sessions, m)
	h.sessions, h.memory = append(h.sessions, float64(sessions)), append(h.memory, m)
	return err
}

// chat pairs sessions and lets them chat, while the others stay idle.
func (b *bench) chat(s server, loads []*process, h *held) error {
	met, err := b.ask(s, loads, b.chatPairs, question{Ask: "match", Mode: "text"})
	if err != nil {
		return err
	}
	b.report.met(met, b.chatPairs)
	talk, err := b.ask(s, loads, 0, question{Ask: "chat", For: b.duration})
	if err != nil {
		return err
	}
	m, err := s.memory()
	b.progress("chat: %+v", m)
	b.report.chat(talk, b.chatPairs, m, h)
	return err
}

// call pairs other sessions and lets them set up calls.
func (b *bench) call(s server, loads []*process) error {
	if _, err := b.ask(s, loads, b.callPairs, question{Ask: "match", Mode: "video"}); err != nil {
		return err
	}
	if _, err := b.ask(s, loads, 0, question{Ask: "allocate"}); err != nil {
		return err
	}
	calls, err := b.ask(s, loads, 0, question{Ask: "call", For: b.duration})
	if err != nil {
		return err
	}
	b.report.call(calls, b.callPairs)
	return nil
}
