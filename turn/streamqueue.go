package turn

import (
	"sync"
	"time"
)

const (
	maxQueued    = 256 << 10 // bytes that wait for one client
	keptQueue    = 16 << 10  // bytes of memory that an idle connection keeps
	writeTimeout = 10 * time.Second
)

// streamQueue is what waits to be written to a client's connection. A goroutine
// writes, as much at once as there is, and ends when nothing is left: so an idle
// connection has none. A client that reads too slowly loses its own packets; one
// that reads nothing for writeTimeout loses its connection.
type streamQueue struct {
	conn *streamConn

	mu      sync.Mutex
	waiting []byte // whole frames, padded
	spare   []byte // written already; its memory is next
	writing bool
	dead    bool // a write has failed
}

// add queues a frame, padded to 4 bytes as streams want it (RFC 8656 section
// 12.5), or says why it is dropped.
func (q *streamQueue) add(frame []byte) DropReason {
	padding := -len(frame) & 3
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.dead:
		return DropUnsent
	case len(q.waiting)+len(frame)+padding > maxQueued:
		return DropQueueFull
	}
	q.waiting = append(q.waiting, frame...)
	q.waiting = append(q.waiting, "\x00\x00\x00"[:padding]...)
	if !q.writing && q.conn.owner.begin() {
		q.writing = true
		go q.write()
	}
	return ""
}

// write writes until nothing waits. The listener waits for it.
func (q *streamQueue) write() {
	defer q.conn.owner.listener.server.readers.Done()
	for {
		q.mu.Lock()
		frames := q.waiting
		if len(frames) == 0 || q.dead {
			q.writing = false
			if cap(q.spare) > keptQueue {
				q.spare = nil
			}
			q.waiting, q.spare = q.spare[:0], nil
			q.mu.Unlock()
			return
		}
		q.waiting, q.spare = q.spare[:0], nil
		q.mu.Unlock()

		err := q.writeAll(frames)

		q.mu.Lock()
		q.spare, q.dead = frames, err != nil
		q.mu.Unlock()
		if err != nil {
			q.conn.Conn.Close() // half a frame would garble all that follow
		}
	}
}

func (q *streamQueue) writeAll(frames []byte) error {
	if err := q.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if q.conn.owner.listener.addr.Transport == "tcp" {
		_, err := q.conn.Conn.Write(frames)
		return err
	}
	for len(frames) > 0 { // a record each: DTLS must, and coturn's client takes no other over TLS
		size, err := frameSize(frames)
		if err != nil {
			return err
		}
		if _, err := q.conn.Conn.Write(frames[:size]); err != nil {
			return err
		}
		frames = frames[size:]
	}
	return nil
}
