package ask

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"github.com/joingyd/joingyd/cluster/bus"
)

const (
	partSize   = 48 << 10 // bytes of a part: with its head it fits a message, and leaves room for others in a frame
	mostAsked  = 256 << 10
	mostAnswer = 8 << 20
	mostAtOnce = 32 // requests to one node, and of one node
)

var (
	// ErrBusy is for a request to a node that so many wait for.
	ErrBusy = fmt.Errorf("is being asked %d things already; try again", mostAtOnce)
	// ErrSilent is for a node that does not answer, or not to the end.
	ErrSilent = errors.New("does not answer: it is gone, or Redis is")
	// ErrRestarted is for a node that is another process than the one that was asked.
	ErrRestarted = errors.New("was restarted while it was asked")
	// ErrOld is for a node whose version does not know the question.
	ErrOld = errors.New("is of a version that does not know this question; upgrade it")
	// ErrTooLarge is for a request with more bytes than one may have.
	ErrTooLarge = fmt.Errorf("cannot be asked that: a request to another node may have %d KiB", mostAsked>>10)
	// errNonsense is for an answer that is none.
	errNonsense = errors.New("answers nonsense; are both of the same version?")
)

// Bus asks the process that has a node's name now: a *bus.Bus.
type Bus interface {
	Ask(ctx context.Context, to string, kind uint8, payload []byte) ([]byte, error)
}

// Options of New. Bus is required.
type Options struct {
	Bus  Bus
	Kind uint8        // of the bus' questions
	Log  *slog.Logger // nil: none
}

// Asker asks other nodes, and answers them. Its methods are safe for concurrent use.
type Asker struct {
	opts     Options
	services map[string]http.Handler // not changed once it answers
	handlers sync.WaitGroup

	mu        sync.Mutex // guards what follows
	number    uint64     // of the last request
	asking    map[string]int
	counts    map[string]uint64
	exchanges map[exchangeID]*exchange
	answering map[string]int // exchanges by node
	held      int            // bytes of answers that wait to be fetched
}

// New returns an asker, whose Answer belongs behind the bus' Options.Answer.
func New(opts Options) *Asker {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	a := &Asker{
		opts: opts, services: make(map[string]http.Handler), asking: make(map[string]int), counts: make(map[string]uint64),
		exchanges: make(map[exchangeID]*exchange), answering: make(map[string]int),
	}
	for _, outcome := range Outcomes() {
		a.counts[outcome] = 0
	}
	return a
}

// Handle has requests to a service answered. It is called before the first comes.
func (a *Asker) Handle(service string, handler http.Handler) { a.services[service] = handler }

// Wait ends the handlers, and waits for them. The bus' Run has ended.
func (a *Asker) Wait() {
	a.mu.Lock()
	for _, e := range a.exchanges {
		a.dropLocked(e)
	}
	a.mu.Unlock()
	a.handlers.Wait()
}

// To returns what sends requests to a node. An error names the node, and is one of this
// package's or of the request's context.
func (a *Asker) To(node string) http.RoundTripper { return transport{a, node} }

type transport struct {
	*Asker
	node string
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.roundTrip(r)
	t.count(err)
	switch {
	case err == nil:
		return answer, nil
	case r.Method != http.MethodGet && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrOld):
		return nil, fmt.Errorf("node %s %w; what was asked of it may have been done", t.node, err)
	}
	return nil, fmt.Errorf("node %s %w", t.node, err)
}

func (t transport) roundTrip(r *http.Request) (*http.Response, error) {
	question := &bounded{most: mostAsked}
	if err := r.Write(question); err != nil {
		if question.over {
			err = ErrTooLarge
		}
		return nil, err
	}
	if !t.begin() {
		return nil, ErrBusy
	}
	defer t.end()
	answer, err := t.exchange(r.Context(), question.kept.Bytes())
	if err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
	if err != nil {
		return nil, errNonsense
	}
	return response, nil
}

// exchange puts a question, part by part, and gets the answer.
func (t transport) exchange(ctx context.Context, question []byte) (answer []byte, err error) {
	t.mu.Lock()
	t.number++
	m := part{op: opPut, number: t.number, total: len(question)}
	t.mu.Unlock()
	var said []byte
	for m.offset < len(question) {
		m.data = question[m.offset:min(m.offset+partSize, len(question))]
		if said, err = t.ask(ctx, m); err != nil {
			return nil, err
		}
		m.offset += len(m.data)
		if len(said) > 0 && m.offset < len(question) {
			return nil, errNonsense
		}
	}
	for total := -1; ; {
		if len(said) > 0 {
			if len(said) <= 4 {
				return nil, errNonsense
			}
			all := int(binary.BigEndian.Uint32(said))
			if total < 0 {
				total = all
			}
			answer = append(answer, said[4:]...)
			if all != total || total > mostAnswer || len(answer) > total {
				return nil, errNonsense
			}
			if len(answer) == total {
				return answer, nil
			}
		}
		if said, err = t.ask(ctx, part{op: opGet, number: m.number, offset: len(answer)}); err != nil {
			return nil, err
		}
	}
}

// ask asks one question of the bus.
func (t transport) ask(ctx context.Context, m part) ([]byte, error) {
	said, err := t.opts.Bus.Ask(ctx, t.node, t.opts.Kind, m.append(nil))
	refused, isRefused := errors.AsType[*bus.Refused](err)
	switch {
	case err == nil:
		return said, nil
	case isRefused && refused.Unanswered():
		return nil, ErrOld
	case isRefused:
		return nil, refusedError(refused.Text)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("did not answer in time: %w", ctx.Err())
	case errors.Is(err, bus.ErrRestarted):
		return nil, ErrRestarted
	}
	return nil, ErrSilent // whatever it was, the bus counts it
}

// refusedError is what the other node says why it does not answer.
type refusedError string

func (e refusedError) Error() string { return "refused: " + string(e) }

// begin reports whether one more may be asked of the node.
func (t transport) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asking[t.node] >= mostAtOnce {
		return false
	}
	t.asking[t.node]++
	return true
}

func (t transport) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asking[t.node]--; t.asking[t.node] == 0 {
		delete(t.asking, t.node)
	}
}

// bounded keeps what is written, up to so many bytes.
type bounded struct {
	kept bytes.Buffer
	most int
	over bool
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.over = b.over || b.kept.Len()+len(p) > b.most; b.over {
		return 0, io.ErrShortWrite
	}
	return b.kept.Write(p)
}
