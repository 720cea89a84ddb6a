package bus

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// askTime is how long Ask waits at most.
const askTime = 5 * time.Second

// Refused is the error of Answer, at the side that asked.
type Refused struct{ Text string }

func (r *Refused) Error() string { return "bus: the other node refused: " + r.Text }

// mostRefusal is how many bytes of an error's text are sent.
const mostRefusal = 512

// asked waits for an answer.
type asked struct {
	to     string
	answer chan message // has room for one
	gone   chan struct{}
}

// Ask sends a question to a node, and returns what its Options.Answer does: an error of that
// is a *Refused. It waits until ctx ends, 5 s at most. ErrRestarted says that the process
// that was asked is no more. Whatever the error is but *Refused, the question may have been
// answered. Answers do not wait for Handler, so Ask may be called there.
func (b *Bus) Ask(ctx context.Context, to string, kind uint8, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	waiting := &asked{to: to, answer: make(chan message, 1), gone: make(chan struct{})}
	b.asking.Lock()
	b.question++
	id := b.question
	b.questions[id] = waiting
	b.asking.Unlock()
	defer func() {
		b.asking.Lock()
		defer b.asking.Unlock()
		delete(b.questions, id)
	}()
	if err := b.put(to, message{class: question, kind: kind, id: id, payload: payload}, Incarnation{}); err != nil {
		return nil, err
	}
	select {
	case m := <-waiting.answer:
		if m.class == refusal {
			return nil, &Refused{string(m.payload)}
		}
		return m.payload, nil
	case <-waiting.gone:
		return nil, ErrRestarted
	case <-b.life.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("bus: no answer from node %s: %w", to, ctx.Err())
	}
}

// answered gives an answer to who waits for it.
func (b *Bus) answered(from string, m message) {
	b.asking.Lock()
	defer b.asking.Unlock()
	if waiting := b.questions[m.id]; waiting != nil && waiting.to == from {
		delete(b.questions, m.id)
		waiting.answer <- m
	}
}

// giveUp ends the wait for a node's process that is no more.
func (b *Bus) giveUp(node string) {
	b.asking.Lock()
	defer b.asking.Unlock()
	for id, waiting := range b.questions {
		if waiting.to == node {
			delete(b.questions, id)
			close(waiting.gone)
		}
	}
}

// reply answers a question.
func (b *Bus) reply(l *link, from Peer, m message) {
	payload, err := []byte(nil), errors.New("it answers no questions")
	if b.opts.Answer != nil {
		running, _ := b.life.contexts()
		payload, err = b.opts.Answer(running, from, m.kind, m.payload)
	}
	if err == nil && len(payload) > MaxPayload {
		err = fmt.Errorf("its answer has %d bytes; at most %d may be", len(payload), MaxPayload)
	}
	said := message{class: answer, id: m.id, payload: payload}
	if err != nil {
		text := err.Error()
		said.class, said.payload = refusal, []byte(text[:min(len(text), mostRefusal)])
	}
	_ = b.put(l.name, said, from.Incarnation) // who asked has a deadline
}
