package ban

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"go.etcd.io/bbolt"
)

// queue is the changes that wait for the disk. It is as long as there are
// callers, who wait for their answers.
type queue struct {
	mu      sync.Mutex
	waiting []*request
}

type request struct {
	op   func(*change) error
	done chan error
}

func (q *queue) push(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
}

// take returns the requests for the next transaction, the oldest first.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.waiting
	q.waiting = nil
	return batch
}

// refusal is an op's error that has changed nothing: the rest of the batch goes
// on.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// update carries op out and returns when it is on disk and in force. Whoever
// gets to the file first carries out, in one transaction, what all have asked for
// by then: the fsync is what takes the time.
func (s *Store) update(op func(*change) error) error {
	r := &request{op: op, done: make(chan error, 1)}
	s.queue.push(r)
	s.write.Lock()
	defer s.write.Unlock()
	select {
	case err := <-r.done:
		return err
	default:
		s.carryOut(s.queue.take())
		return <-r.done
	}
}

// carryOut answers every request. The caller holds write.
func (s *Store) carryOut(batch []*request) {
	refused := make([]error, len(batch))
	err := s.transact(batch, refused)
	for i, r := range batch {
		if refused[i] == nil && err != nil {
			s.failures.Add(1)
			r.done <- err
			continue
		}
		r.done <- refused[i]
	}
}

// errNothing takes a transaction back that has nothing to write.
var errNothing = errors.New("nothing changes")

// transact puts a batch on disk, then in force.
func (s *Store) transact(batch []*request, refused []error) error {
	if s.broken != nil {
		return s.broken
	}
	var c *change
	err := guarded(func() error {
		return s.db.Update(func(tx *bbolt.Tx) (err error) {
			if c, err = newChange(tx, s.idx, s.now()); err != nil {
				return err
			}
			if c.historyFor = s.opts.HistoryFor; s.opts.Node != "" {
				if c.ledger, err = openLedger(tx); err != nil {
					return err
				}
			}
			return c.carryOut(batch, refused)
		})
	})
	switch {
	case errors.Is(err, errNothing):
		return nil
	case errors.Is(err, ErrCorrupt):
		s.broken = fmt.Errorf("ban store: %w", err)
		return s.broken
	case err != nil && unsafe(err):
		s.broken = fmt.Errorf("ban store: %v: %w", err, ErrDisk)
		return s.broken
	case err != nil:
		return fmt.Errorf("ban store: nothing was changed: %w; check the disk", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, apply := range c.apply {
		apply(s.idx)
	}
	s.version.Add(1)
	s.changes.Add(1)
	if c.ledger != nil && c.ledger.fed {
		select {
		case s.fed <- struct{}{}:
		default: // it is told already
		}
	}
	return nil
}

// carryOut is for within the transaction.
func (c *change) carryOut(batch []*request, refused []error) error {
	for i, r := range batch {
		err := r.op(c)
		if err == nil {
			err = c.flush()
		}
		if refusal, ok := errors.AsType[refusal](err); ok {
			refused[i] = refusal.error
		} else if err != nil {
			return err
		}
	}
	if len(c.apply) == 0 {
		return errNothing
	}
	return c.save()
}

// unsafe reports the errors after which nobody knows what is on disk. A write
// that fails leaves the tree that was there before. When a sync fails, the
// kernel may have dropped the pages and call them clean: a later commit could
// build on what never reached the disk.
func unsafe(err error) bool {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Op == "sync"
	}
	_, bare := errors.AsType[syscall.Errno](err) // of fdatasync
	return bare
}
