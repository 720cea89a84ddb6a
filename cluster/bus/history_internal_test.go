package bus

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// history is what nodes said to each other and what they heard, for a judge of the bus's
// promise: order, nothing twice, and a Gap for each loss.
type history struct {
	mu   sync.Mutex
	said map[way]uint64  // number of the last message, queued or not
	had  map[way][]event // in order
}

// way is from one process to a node, or to one process of it.
type way struct {
	from Peer
	to   string
	inc  Incarnation // of to; zero in said
}

// event is a message, or a Gap if n is 0.
type event struct{ n uint64 }

func newHistory() *history {
	return &history{said: make(map[way]uint64), had: make(map[way][]event)}
}

// say sends the next numbered message.
func (h *history) say(b *Bus, to string, size int) error {
	w := way{from: b.Self(), to: to}
	h.mu.Lock()
	defer h.mu.Unlock() // so that numbers are those of the bus
	h.said[w]++
	payload := binary.BigEndian.AppendUint64(make([]byte, 0, 8+size), h.said[w])
	return b.Send(to, uint8(h.said[w]), append(payload, make([]byte, size)...))
}

// listen makes a bus's functions write the history. The bus's own Peer is known only later.
func (h *history) listen(opts *Options, self func() Peer) {
	note := func(from Peer, e event) {
		to := self()
		h.mu.Lock()
		defer h.mu.Unlock()
		w := way{from, to.Name, to.Incarnation}
		h.had[w] = append(h.had[w], e)
	}
	opts.Gap = func(from Peer) { note(from, event{}) }
	opts.Handler = func(from Peer, kind uint8, payload []byte) {
		n := binary.BigEndian.Uint64(payload)
		if kind != uint8(n) {
			n = 1 << 63 // spoilt
		}
		note(from, event{n})
	}
}

// judge says what is wrong. Of links between processes that live, it expects that all is
// heard or known as lost.
func (h *history) judge(live map[Peer]bool) (wrong []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w, events := range h.had {
		last, gap := uint64(0), false
		for i, e := range events {
			switch {
			case e.n == 0:
				gap = true
				continue
			case i == 0:
				wrong = append(wrong, fmt.Sprintf("%v: begins without a gap", w))
			case e.n <= last:
				wrong = append(wrong, fmt.Sprintf("%v: %d after %d", w, e.n, last))
			case e.n != last+1 && !gap:
				wrong = append(wrong, fmt.Sprintf("%v: %d after %d without a gap", w, e.n, last))
			}
			last, gap = max(last, e.n), false
		}
		said := h.said[way{from: w.from, to: w.to}]
		if last > said {
			wrong = append(wrong, fmt.Sprintf("%v: %d was never said", w, last))
		}
		if live[w.from] && live[Peer{w.to, w.inc}] && last < said && !gap {
			wrong = append(wrong, fmt.Sprintf("%v: ends with %d of %d without a gap", w, last, said))
		}
	}
	for w, n := range h.said {
		for p := range live {
			if p.Name == w.to && live[w.from] && h.had[way{w.from, w.to, p.Incarnation}] == nil {
				wrong = append(wrong, fmt.Sprintf("%v: nothing of %d was heard", w, n))
			}
		}
	}
	return wrong
}

// heard returns how many messages arrived, and how many gaps were called.
func (h *history) heard() (messages, gaps int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, events := range h.had {
		for _, e := range events {
			if e.n == 0 {
				gaps++
			} else {
				messages++
			}
		}
	}
	return messages, gaps
}
