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

// A ban on video chats ends the call when the command returns, and leaves the session
// its texts; one on the relay leaves it everything but the relay.
func TestScopesTakeEffectOnTheLiving(t *testing.T) {
	for _, scope := range []string{"video", "relay"} {
		t.Run(scope, func(t *testing.T) {
			d := startDaemon(t, nil)
			a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
			session := mustParse(t, a.welcome.Session)
			meet(t, a, b, "video")
			call(t, a, b) // from 127.0.0.1, as far as the relay can see
			video := startStream(t, a, b)
			video.until(&video.arrived, 20)
			address := map[string]string{"video": "127.0.0.2", "relay": "127.0.0.1"}[scope]
			command(t, d, "ban", address, "--scope", scope, "--reason", "nudity", "--for", "1h", "--force")
			if relayed := d.relay.Stats().Packets; relayed == 0 {
				t.Error("nothing was relayed before the ban")
			} else if video.until(&video.sent, 100); d.relay.Stats().Packets != relayed {
				t.Error("packets are relayed after the command has returned")
			}
			for _, mine := range d.relay.Allocations() {
				if mine.Session == session {
					t.Errorf("an allocation is alive: %v", mine.Relayed)
				}
			}
			if err := allocateFrom(t, d, "udp", address, a.welcome); err == nil {
				t.Error("a banned address made an allocation")
			}
			if n := d.hub.Online(); n != 2 {
				t.Errorf("%d online, want both", n)
			}
			if scope == "video" {
				if m := a.expect("error"); m.Code != "video_banned" || m.Reason != "nudity" {
					t.Errorf("error = %+v", m)
				}
				for _, c := range []*caller{a, b} {
					if m := c.expect("left"); m.Reason != "banned" {
						t.Errorf("left = %+v", m)
					}
				}
				a.send(`{"type":"find","mode":"video"}`)
				if m := a.expect("error"); m.Code != "video_banned" {
					t.Errorf("error = %+v", m)
				}
				b = newCaller(t, d, "127.0.0.4")
				meet(t, a, b, "text")
			}
			a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "hello"})
			b.expect("text")
		})
	}
}
