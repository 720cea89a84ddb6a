package check

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	trialPackets = 20
	trialSize    = 1200                  // bytes, as of a video packet
	trialPace    = 10 * time.Millisecond // between packets
	trialGrace   = time.Second           // for the last answers
)

// Kinds of packets between allocations: kind, number of the trial, number of the
// packet, filling.
const (
	packetAsk    = 'q'
	packetAnswer = 'a'
	packetHeader = 9
)

// allocation is a relayed transport address of ours. It sends back what other
// allocations of ours ask.
type allocation struct {
	*turnClient
	relayed net.PacketConn
	serving sync.WaitGroup

	mu     sync.Mutex
	trials map[uint32]chan<- uint32 // who waits for answers, by number
}

func (a *allocation) addr() net.Addr { return a.relayed.LocalAddr() }

// serve answers what comes, until the allocation is closed.
func (a *allocation) serve() {
	packet := make([]byte, trialSize)
	for {
		n, from, err := a.relayed.ReadFrom(packet)
		if err != nil {
			return
		}
		if n < packetHeader {
			continue
		}
		id, number := binary.BigEndian.Uint32(packet[1:]), binary.BigEndian.Uint32(packet[5:])
		switch packet[0] {
		case packetAsk:
			packet[0] = packetAnswer
			_, _ = a.relayed.WriteTo(packet[:n], from) // a loss is what is counted
		case packetAnswer:
			a.mu.Lock()
			if waiting := a.trials[id]; waiting != nil {
				select {
				case waiting <- number:
				default: // a duplicate too many
				}
			}
			a.mu.Unlock()
		}
	}
}

// trial is how an exchange went.
type trial struct {
	small bool            // a small packet came back
	trips []time.Duration // the round trips of the others that did
}

// exchange sends packets to the peer, which sends them back. The first is small
// and not counted: with it pion asks for permissions of its own, and for channels.
func (a *allocation) exchange(ctx context.Context, peer *allocation) (t trial, err error) {
	err = errors.Join(
		a.during(ctx, func() error { return a.pion.CreatePermission(peer.addr()) }),
		peer.during(ctx, func() error { return peer.pion.CreatePermission(a.addr()) }),
	)
	if err != nil {
		return t, err
	}
	id, answers := rand.Uint32(), make(chan uint32, 2*trialPackets)
	a.mu.Lock()
	a.trials[id] = answers
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.trials, id)
	}()
	if err := a.ask(ctx, peer, id, trialPackets, packetHeader); err != nil {
		return t, err
	}
	select {
	case <-answers:
		t.small = true
	case <-time.After(trialGrace):
	case <-ctx.Done():
	}
	t.trips, err = a.volley(ctx, peer, id, answers)
	return t, err
}

// volley sends the packets that count. What has not come back when it ends is
// lost.
func (a *allocation) volley(ctx context.Context, peer *allocation, id uint32, answers <-chan uint32) (trips []time.Duration, err error) {
	sent := make(map[uint32]time.Time)
	ticker := time.NewTicker(trialPace)
	defer ticker.Stop()
	pace := ticker.C
	var end <-chan time.Time
	for len(trips) < trialPackets {
		select {
		case <-ctx.Done():
			return trips, nil
		case <-end:
			return trips, nil
		case number := <-answers:
			if at, ok := sent[number]; ok {
				trips = append(trips, time.Since(at))
				delete(sent, number)
			}
		case <-pace:
			number := uint32(len(sent) + len(trips))
			sent[number] = time.Now()
			if err := a.ask(ctx, peer, id, number, trialSize); err != nil {
				return trips, err
			}
			if number+1 == trialPackets {
				pace, end = nil, time.After(trialGrace)
			}
		}
	}
	return trips, nil
}

func (a *allocation) ask(ctx context.Context, peer *allocation, id, number uint32, size int) error {
	packet := make([]byte, size)
	packet[0] = packetAsk
	binary.BigEndian.PutUint32(packet[1:], id)
	binary.BigEndian.PutUint32(packet[5:], number)
	return a.during(ctx, func() error {
		_, err := a.relayed.WriteTo(packet, peer.addr())
		return err
	})
}

// close deletes the allocation and ends its connection.
func (a *allocation) close() {
	a.relayed.Close() // says so to the server
	a.turnClient.close()
	a.serving.Wait()
}
