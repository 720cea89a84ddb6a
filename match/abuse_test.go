package match_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/ident"
)

// bulky returns an offer of nearly 30 KB that the mask lets through, as a message
// of the pair.
func bulky(pair string) string {
	const head = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=rtcp-mux\r\n" +
		"a=fingerprint:sha-256 89:C7:C8:43:35:32:53:84:06:79:E7:1F:BF:DF:A0:10:95:58:97:41:40:6F:F9:3A:24:21:D7:48:06:9C:9C:ED\r\n"
	fmtp := "a=fmtp:111 x=" + strings.Repeat("1", 500) + "\r\n"
	data, err := json.Marshal(map[string]any{
		"type": "description", "pair": pair,
		"description": map[string]string{"type": "offer", "sdp": head + strings.Repeat(fmtp, 56)},
	})
	if err != nil {
		panic(err)
	}
	return string(data)
}

// A partner cannot end the session of one who reads, with few and large messages.
func TestW4DescriptionsDoNotEndThePartner(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		for i := range 20 {
			a.send(bulky(pair))
			if i < 8 {
				b.expect("description")
			} else if m := a.expect("error"); m.Code != "rate_limited" || m.Re != "description" {
				t.Errorf("error = %+v", m)
			}
		}
		synctest.Wait()
		if n := b.pings.Load(); n != 2 {
			t.Errorf("%d pings for 8 descriptions of 30 KB, want one for every 64 KiB", n)
		}
		time.Sleep(2 * time.Second)
		a.send(bulky(pair))
		b.expect("description")
		b.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"still here"}`)
		a.expect("text")

		// What is left of the limit is the pair's, not the visitor's.
		a.send(`{"type":"leave"}`)
		b.expect("sent")
		b.expect("left")
		b.send(`{"type":"find","mode":"video"}`)
		b.expect("waiting")
		c := f.visit("192.0.2.3")
		c.send(`{"type":"find","mode":"video"}`)
		pair = b.expect("matched").Pair
		c.expect("matched")
		for range 8 {
			b.send(bulky(pair))
			c.expect("description")
		}
	})
}

// RFC 6455, 5.5.3: a pong may stand for the pings before it too.
func TestPong(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		b.deaf.Store(1)
		for range 8 { // two pings
			a.send(bulky(pair))
			b.expect("description")
		}
		time.Sleep(time.Minute)
		a.quiet()
		b.deaf.Store(100)
		start := time.Now()
		if m := a.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
		if got := time.Since(start); got < 30*time.Second || got > 50*time.Second {
			t.Errorf("told after %v, want the ping's interval and timeout, and the grace", got)
		}
	})
}

// Nor that of one who is away for a while: the partner is refused instead.
func TestW4FloodDoesNotEndThePartner(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("video")
		b.conn.CloseNow()
		synctest.Wait()
		for range 8 {
			a.send(bulky(pair))
		}
		for range 2 {
			for i := range 100 {
				a.send(`{"type":"typing","pair":"` + pair + `","on":` + []string{"true", "false"}[i%2] + `}`)
			}
			time.Sleep(5 * time.Second)
		}
		for range 10 {
			a.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"` + strings.Repeat("<", 2000) + `"}`)
		}
		synctest.Wait()
		counts := map[string]int{}
		for len(a.messages) > 0 {
			m := <-a.messages
			a.seen = m.Seq
			counts[m.Type+" "+m.Code]++
		}
		if counts["left "] != 0 || counts["rejected rate_limited"] == 0 || counts["error rate_limited"] == 0 {
			t.Errorf("the flood was answered with %v", counts)
		}

		again := f.mustConnect("192.0.2.2")
		again.seen = b.seen
		again.send(`{"type":"hello","resume":"` + b.welcome.Resume + `","ack":` + jsonNumber(b.seen) + `}`)
		for {
			m, open := <-again.messages
			if !open {
				t.Fatalf("the session was lost: %v", again.err)
			}
			if m.Seq != again.seen+1 {
				t.Fatalf("seq %d after %d", m.Seq, again.seen)
			}
			again.seen = m.Seq
			if m.Type == "welcome" {
				if m.Session != b.welcome.Session {
					t.Error("the session was lost")
				}
				break
			}
		}
		// With that taken, there is room again.
		time.Sleep(time.Second)
		a.send(`{"type":"text","pair":"` + pair + `","id":"2","body":"x"}`)
		a.expect("sent")
		again.expect("text")
	})
}

// A reader that takes one message in nine seconds does not keep a socket that is
// being shut.
func TestW4ShutSocketIsCut(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		f.pipes.trickle = true
		c := f.mustConnectRaw("192.0.2.1")
		c.Write(t.Context(), websocket.MessageText, []byte(hello))
		for range 50 {
			c.Write(t.Context(), websocket.MessageText, []byte(`{}`))
		}
		synctest.Wait()
		f.ban("192.0.2.1")
		f.EnforceBans(nil)
		start := time.Now()
		for {
			time.Sleep(9 * time.Second)
			if _, _, err := c.Read(t.Context()); err != nil {
				break
			}
		}
		if got := time.Since(start); got > 30*time.Second {
			t.Errorf("cut after %v", got)
		}
	})
}

func TestBadInputLeavesTheSessionAlone(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.visit("192.0.2.1")
		for bad, want := range map[string]string{
			`{`: "bad_message", `[]`: "bad_message", `{}`: "bad_message", `{"type":5}`: "bad_message",
			`{"type":"warp"}`: "unknown_type", `{"type":"hello"}`: "bad_message",
			`{"type":"find"}`: "bad_message", `{"type":"find","mode":"smell"}`: "bad_message",
			`{"type":"find","mode":"text","interests":[""]}`:                                "bad_message",
			`{"type":"find","mode":"text","interests":"x"}`:                                 "bad_message",
			`{"type":"text","id":"1","body":"x"}`:                                           "not_paired",
			`{"type":"text","id":"","body":"x"}`:                                            "bad_message",
			`{"type":"text","id":"1","pair":"` + ident.NewPair().String() + `","body":"x"}`: "stale_pair",
			`{"type":"typing","pair":"short","on":true}`:                                    "bad_message",
			strings.Repeat(`[`, 20000):                                                      "bad_message",
		} {
			c.send(bad)
			if m := c.expect("error"); m.Code != want || m.Detail == "" {
				t.Errorf("%.60s: %+v, want %s", bad, m, want)
			}
		}
		c.send(`{"type":"find","mode":"text"}`)
		c.expect("waiting")
	})
}

func TestFramesThatEndTheSocket(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		for _, test := range []struct {
			kind websocket.MessageType
			data string
			code websocket.StatusCode
		}{
			{websocket.MessageBinary, "{}", websocket.StatusUnsupportedData},
			{websocket.MessageText, "\xff", websocket.StatusInvalidFramePayloadData},
			{websocket.MessageText, strings.Repeat("x", 32<<10+1), websocket.StatusMessageTooBig},
		} {
			c := f.mustConnect("192.0.2.1")
			c.conn.Write(t.Context(), test.kind, []byte(test.data))
			c.expectClose(test.code)
		}
	})
}

func TestSubprotocolIsRequired(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		conn, _, err := websocket.Dial(t.Context(), "ws://site.test/ws", &websocket.DialOptions{
			HTTPClient: &http.Client{Transport: &http.Transport{DialContext: f.pipes.dial, DisableKeepAlives: true}},
			HTTPHeader: http.Header{"Origin": {"http://site.test"}, "Test-Addr": {"192.0.2.1"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestRates(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		a, _, pair := f.pair("text")
		limited := 0
		for i := range 15 {
			a.send(`{"type":"text","pair":"` + pair + `","id":"` + jsonNumber(uint64(i)) + `","body":"x"}`)
			m := <-a.messages
			a.seen = m.Seq
			if m.Type == "rejected" && m.Code == "rate_limited" {
				limited++
			}
		}
		if limited != 5 {
			t.Errorf("%d of 15 texts at once were limited, want 5", limited)
		}
	})
}

func TestSessionsPerAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		for _, addr := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"} {
			f.visit(addr)
		}
		c := f.mustConnect("2001:db8::4")
		c.send(hello)
		c.expectClose(4429)
		f.visit("2001:db8:0:1::1")
	})
}

// A part of trial W5: sockets that never say hello count too.
func TestW5SocketsPerAddress(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		var sockets []*client
		for range 6 {
			c := f.mustConnect("2001:db8::1")
			c.send(`{"type":"hello"}`)
			c.expect("error")
			sockets = append(sockets, c)
		}
		_, response, err := f.connect("2001:db8::2", nil)
		if err == nil || response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "60" {
			t.Fatalf("a seventh socket: %v, %v", response, err)
		}
		f.visit("2001:db8:0:1::1")
		sockets[0].conn.CloseNow()
		synctest.Wait()
		f.visit("2001:db8::2")
	})
}

func TestW5FloodIsReadSlowly(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c, start := f.visit("192.0.2.1"), time.Now()
		limited := 0
		for range 1200 {
			c.send(`{}`)
			if c.expect("error").Code == "rate_limited" {
				limited++
			}
		}
		// 200 at once, and then one within the rate for each that is not.
		if got := time.Since(start); got < 12*time.Second || got > 13*time.Second || limited < 400 {
			t.Errorf("1,200 messages in %v, %d of them limited", got, limited)
		}
	})
}

func TestW5ChatterBeforeTheHello(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		c := f.mustConnect("192.0.2.1")
		for range 20 {
			c.send(`{}`)
			c.expect("error")
		}
		c.send(hello)
		for m := range c.messages {
			t.Fatalf("got %+v", m)
		}
		c.expectClose(4429)
		var closed websocket.CloseError
		if !errors.As(c.err, &closed) || closed.Reason != "60" {
			t.Errorf("closed with %v", c.err)
		}
		if n := f.Stats().Refused["bad_message"]; n != 20 {
			t.Errorf("%d messages refused", n)
		}
	})
}

// Trial W4: a reader that never reads loses its own session only.
func TestW4SlowReader(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		slow, fast := f.mustConnectRaw("192.0.2.1"), f.visit("192.0.2.2")
		slow.Write(t.Context(), websocket.MessageText, []byte(hello))
		slow.Write(t.Context(), websocket.MessageText, []byte(`{"type":"find","mode":"text"}`))
		synctest.Wait()
		fast.send(`{"type":"find","mode":"text"}`)
		pair := fast.expect("matched").Pair
		start := time.Now()
		fast.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"x"}`)
		fast.expect("sent")
		if m := fast.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
		if got := time.Since(start); got > time.Minute {
			t.Errorf("told after %v", got)
		}
	})
}
