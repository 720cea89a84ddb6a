package main

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/joingyd/joingyd/config"
)

// stream is RTP from one caller's camera to the other's screen.
type stream struct {
	t       *testing.T
	sent    atomic.Int64
	arrived atomic.Int64
	last    atomic.Pointer[time.Time] // when the last one arrived
	stop    func()
}

// startStream sends a packet every two milliseconds until it is stopped.
func startStream(t *testing.T, from, to *caller) *stream {
	s := &stream{t: t}
	track := from.peer.GetSenders()[0].Track().(*webrtc.TrackLocalStaticRTP)
	screen := to.peer.GetReceivers()[0].Track()
	over := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() {
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for n := uint16(1000); ; n++ {
			select {
			case <-over:
				return
			case <-ticker.C:
			}
			packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 3000}, Payload: []byte("\x10\x00\x00hello")}
			track.WriteRTP(packet) //nolint:errcheck // what does not arrive is what is looked at
			s.sent.Add(1)
		}
	})
	s.stop = sync.OnceFunc(func() { close(over); sender.Wait() })
	t.Cleanup(s.stop)
	go func() { // ends with the peer connection
		for {
			if _, _, err := screen.ReadRTP(); err != nil {
				return
			}
			now := time.Now()
			s.last.Store(&now)
			s.arrived.Add(1)
		}
	}()
	return s
}

// until waits until one of the stream's counts has grown by n.
func (s *stream) until(count *atomic.Int64, n int64) {
	s.t.Helper()
	want, deadline := count.Load()+n, time.Now().Add(patienceOfTests)
	for count.Load() < want {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d packets were sent and %d arrived", s.sent.Load(), s.arrived.Load())
		}
		time.Sleep(time.Millisecond)
	}
}

// A part of trial R5: what is left of a call when `joingyd ban` has returned. Nothing:
// no packet of it is relayed any more, however many are sent, and its socket closes.
func TestR5SilentWhenTheCommandReturns(t *testing.T) {
	for _, relay := range []string{"masked", "open"} {
		t.Run(relay, func(t *testing.T) {
			d := startDaemon(t, func(c *config.Config) {
				if c.TURN.Relay = relay; relay == "open" {
					c.TURN.RelayAddresses = []string{"127.0.0.1"}
				}
			})
			a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
			meet(t, a, b, "video")
			call(t, a, b)
			video := startStream(t, a, b)
			video.until(&video.arrived, 20)
			closed := make(chan time.Time, 1)
			go func() {
				for {
					if _, _, err := a.conn.Read(t.Context()); err != nil {
						if websocket.CloseStatus(err) != 4503 {
							t.Errorf("socket ended with %v", err)
						}
						closed <- time.Now()
						return
					}
				}
			}()

			said := command(t, d, "ban", "127.0.0.2", "--force", "--reason", "testing")
			returned, relayed := time.Now(), d.relay.Stats().Packets
			if !strings.Contains(said, "ended 1 live session") {
				t.Errorf("joingyd ban says %q", said)
			}
			video.until(&video.sent, 100)
			if n := d.relay.Stats().Packets - relayed; n != 0 {
				t.Errorf("%d packets were relayed after the command had returned", n)
			}
			gone := await(t, closed, "end of the socket")
			video.stop()
			ms := func(at time.Time) float64 { return float64(at.Sub(returned).Microseconds()) / 1000 }
			t.Logf("figure: %s: from the command's return, the socket closed at %+.1f ms and the last packet was relayed at %+.1f ms",
				relay, ms(gone), ms(*video.last.Load()))
			if m := b.expect("left"); m.Reason != "banned" {
				t.Errorf("left = %+v", m)
			}
		})
	}
}
