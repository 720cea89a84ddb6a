package ask

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/joingyd/joingyd/cluster/bus"
)

const (
	fetchTime = 2 * time.Second  // that a fetch waits for a handler
	idleTime  = 10 * time.Second // after which nobody fetches any more
	workTime  = 30 * time.Second // that a handler has
	mostHeld  = 32 << 20         // bytes of all answers that wait to be fetched
)

var (
	errOften = fmt.Errorf("it answers %d questions of this node at a time", mostAtOnce)
	errHeld  = errors.New("too many long answers wait to be fetched; try again")
	errLong  = fmt.Errorf("its answer has more than %d MiB; ask for less, or on that machine", mostAnswer>>20)
)

// exchangeID names an exchange: whose it is, by number.
type exchangeID struct {
	from   bus.Peer
	number uint64
}

// exchange is one that another node asks. The asker's lock guards it.
type exchange struct {
	id       exchangeID
	question []byte // as much as was put
	total    int    // bytes that it will have
	idle     *time.Timer
	cancel   context.CancelFunc // of the handler; nil: it has not begun

	done   chan struct{} // closed when what follows is there
	answer []byte
	err    error
}

// Answer answers a question of another node's asker.
func (a *Asker) Answer(ctx context.Context, from bus.Peer, payload []byte) ([]byte, error) {
	m, err := parsePart(payload)
	if err != nil {
		return nil, err
	}
	id := exchangeID{from, m.number}
	var e *exchange
	switch m.op {
	case opPut:
		e, err = a.put(ctx, id, m)
	case opGet:
		e, err = a.find(id)
	default:
		err = bus.ErrUnanswered
	}
	if err != nil || e == nil {
		return nil, err
	}
	wait := time.NewTimer(fetchTime)
	defer wait.Stop()
	select {
	case <-e.done:
		return a.fetch(e, m.offset, m.op == opPut)
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil, nil
}

// put takes a part of a question. It returns the exchange when that is the last.
func (a *Asker) put(ctx context.Context, id exchangeID, m part) (*exchange, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.exchanges[id]
	switch {
	case e == nil && m.offset != 0, e != nil && (e.cancel != nil || m.offset != len(e.question) || m.total != e.total):
		return nil, errPart
	case e == nil && a.answering[id.from.Name] >= mostAtOnce:
		return nil, errOften
	case e == nil:
		e = &exchange{id: id, question: make([]byte, 0, m.total), total: m.total, done: make(chan struct{})}
		e.idle = time.AfterFunc(idleTime, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.dropLocked(e)
		})
		a.exchanges[id] = e
		a.answering[id.from.Name]++
	}
	e.idle.Reset(idleTime)
	if e.question = append(e.question, m.data...); len(e.question) < e.total {
		return nil, nil
	}
	ctx, e.cancel = context.WithTimeout(ctx, workTime)
	a.handlers.Go(func() {
		answer, err := a.serve(ctx, id.from.Name, e.question)
		a.finish(e, answer, err)
	})
	return e, nil
}

// find returns an exchange whose question is complete.
func (a *Asker) find(id exchangeID) (*exchange, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.exchanges[id]
	if e == nil || e.cancel == nil {
		return nil, errPart
	}
	e.idle.Reset(idleTime)
	return e, nil
}

// finish keeps what the handler answered until it was fetched.
func (a *Asker) finish(e *exchange, answer []byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e.cancel()
	e.question = nil
	if a.exchanges[e.id] != e {
		return // nobody waits for it
	}
	if err == nil && a.held+len(answer) > mostHeld {
		err = errHeld
	}
	if e.err = err; err == nil {
		e.answer = answer
		a.held += len(answer)
	}
	close(e.done)
}

// fetch returns a part of an answer that is there, from offset on or from its beginning. With
// the last part the exchange is over.
func (a *Asker) fetch(e *exchange, offset int, beginning bool) ([]byte, error) {
	if beginning {
		offset = 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.err != nil || offset >= len(e.answer) {
		a.dropLocked(e)
		if e.err == nil {
			return nil, errPart
		}
		return nil, e.err
	}
	end := min(offset+partSize, len(e.answer))
	said := binary.BigEndian.AppendUint32(make([]byte, 0, 4+end-offset), uint32(len(e.answer)))
	said = append(said, e.answer[offset:end]...)
	if end == len(e.answer) {
		a.dropLocked(e)
	}
	return said, nil
}

// dropLocked forgets an exchange, and ends its handler.
func (a *Asker) dropLocked(e *exchange) {
	if a.exchanges[e.id] != e {
		return
	}
	e.idle.Stop()
	delete(a.exchanges, e.id)
	if a.answering[e.id.from.Name]--; a.answering[e.id.from.Name] == 0 {
		delete(a.answering, e.id.from.Name)
	}
	a.held -= len(e.answer)
	if e.cancel != nil {
		e.cancel()
	}
}
