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

// ErrUnanswered is what Answer returns for a kind that it does not know. Whoever asked tells
// it by Refused.Unanswered: a node of a newer version may know the kind.
var ErrUnanswered = errors.New("it answers no questions")

// Unanswered reports whether the other node does not know such questions.
func (r *Refused) Unanswered() bool { return r.Text == ErrUnanswered.Error() }

const (
	mostRefusal   = 512 // bytes of an error's text that are sent
	mostAnswering = 64  // questions of a node that are answered at a time; more are refused
)

var errAnswering = fmt.Errorf("it is answering %d questions of this node", mostAnswering)

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

// reply has a question answered, and does not wait for that: what is sent meanwhile is
// handled.
func (b *Bus) reply(l *link, from Peer, m message) {
	if b.opts.Answer == nil {
		b.say(l, from, m.id, nil, ErrUnanswered)
		return
	}
	if l.answering.Add(1) > mostAnswering {
		l.answering.Add(-1)
		b.say(l, from, m.id, nil, errAnswering)
		return
	}
	running, _ := b.life.contexts()
	started := b.life.start(func() {
		defer l.answering.Add(-1)
		payload, err := b.opts.Answer(running, from, m.kind, m.payload)
		b.say(l, from, m.id, payload, err)
	})
	if !started { // the bus has ended
		l.answering.Add(-1)
	}
}

// say says what became of a question.
func (b *Bus) say(l *link, from Peer, id uint64, payload []byte, err error) {
	if err == nil && len(payload) > MaxPayload {
		err = fmt.Errorf("its answer has %d bytes; at most %d may be", len(payload), MaxPayload)
	}
	said := message{class: answer, id: id, payload: payload}
	if err != nil {
		text := err.Error()
		said.class, said.payload = refusal, []byte(text[:min(len(text), mostRefusal)])
	}
	_ = b.put(l.name, said, from.Incarnation) // who asked has a deadline
}
