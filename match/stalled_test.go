package match_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/match"
)

// Trial W4: connections that stall in every way there is, beside chats that go
// on. Each of them is dropped, and nobody else.
func TestW4OnlyTheOffenderIsDropped(t *testing.T) {
	s := newSite(t, func(o *match.Options) {
		o.HelloTimeout = 3 * time.Second
		o.ResumeGrace = time.Second
		o.Patience = time.Hour // each meets the one it is to meet
	})
	next := 0
	visit := func() *rawConn {
		next++
		c, _ := s.visit(addr(next))
		return c
	}
	const innocents, offenders = 25, 40
	var chats []*chat
	for range innocents {
		a, b := visit(), visit()
		chats = append(chats, &chat{a: a, b: b, pair: s.meet(a, b, "text")})
	}
	idle := talk(t, chats, func() {})

	attacked := talk(t, chats, func() {
		var attack sync.WaitGroup
		for i := range offenders {
			for name, stall := range map[string]func(*site, int) error{
				"slow headers": slowHeaders, "silent": silent, "no hello": noHello, "dripped hello": drippedHello, "half an upgrade": halfAnUpgrade,
			} {
				attack.Go(func() {
					if err := stall(s, 1000+i); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
		}
		for i := range offenders / 4 {
			attack.Go(func() {
				if err := neverReads(s, 2000+i); err != nil {
					t.Errorf("never reads: %v", err)
				}
			})
		}
		attack.Wait()
	})
	if stats := s.Stats(); stats.Online != 2*innocents || stats.Pairs != innocents {
		t.Errorf("%+v, want the %d innocent chats", stats, innocents)
	}
	t.Logf("figure: p99 of a text's way %v idle, %v among %d stalled connections", quantile(idle, 99), quantile(attacked, 99), 5*offenders+offenders/4)
}

// chat is two visitors of whom only one goroutine at a time takes care.
type chat struct {
	a, b  *rawConn
	pair  string
	texts int
}

// talk lets both sides of every chat write in turns, at least ten times and until
// f is done, and returns how long each text took to the partner.
func talk(t *testing.T, chats []*chat, f func()) (took []time.Duration) {
	t.Helper()
	done := make(chan struct{})
	var mu sync.Mutex
	var talking sync.WaitGroup
	for _, c := range chats {
		talking.Go(func() {
			pace := time.NewTicker(260 * time.Millisecond) // two texts a second each
			defer pace.Stop()
			for i := 0; ; i++ {
				select {
				case <-done:
					if i >= 10 {
						return
					}
				default:
				}
				d, err := c.say()
				if err != nil {
					t.Errorf("an innocent chat: %v", err)
					return
				}
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
				<-pace.C
			}
		})
	}
	f()
	close(done)
	talking.Wait()
	return took
}

// say sends one text, of a or b in turns.
func (c *chat) say() (time.Duration, error) {
	c.texts++
	start := time.Now()
	body := fmt.Sprint("text ", c.texts)
	c.a, c.b = c.b, c.a
	if err := c.a.say(`{"type":"text","pair":"` + c.pair + `","id":"1","body":"` + body + `"}`); err != nil {
		return 0, err
	}
	if m, err := c.b.hear(); err != nil || m.Type != "text" || m.Body != body {
		return 0, fmt.Errorf("got %+v, %w; want %s", m, err, body)
	}
	took := time.Since(start)
	if m, err := c.a.hear(); err != nil || m.Type != "sent" {
		return 0, fmt.Errorf("got %+v, %w; want sent", m, err)
	}
	return took, nil
}

// quantile returns the q-th percentile.
func quantile(list []time.Duration, q int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[(len(list)-1)*q/100].Round(10 * time.Microsecond)
}

// untilCut reads until the daemon closes the connection.
func untilCut(c *rawConn) error {
	c.SetReadDeadline(time.Now().Add(patienceOfTests))
	if _, err := io.Copy(io.Discard, c.r); err != nil {
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			return fmt.Errorf("was not dropped: %w", err)
		}
	}
	return nil
}

// drip writes text a byte at a time until the daemon has had enough, or stop.
func drip(c *rawConn, text []byte, stop <-chan struct{}) {
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	for i := range text {
		if _, err := c.Write(text[i : i+1]); err != nil {
			return
		}
		select {
		case <-pace.C:
		case <-stop:
			return
		}
	}
}

// dripping runs until while text is dripped.
func dripping(c *rawConn, text []byte, until func() error) error {
	stop := make(chan struct{})
	var dripping sync.WaitGroup
	dripping.Go(func() { drip(c, text, stop) })
	defer dripping.Wait()
	defer close(stop)
	return until()
}

func slowHeaders(s *site, n int) error {
	c := s.dial()
	defer s.closeConn(c)
	return dripping(c, []byte(request(s.host, addr(n), "AQIDBAUGBwgJCgsMDQ4PEC==", "Pad: "+strings.Repeat("x", 1<<10))), func() error { return untilCut(c) })
}

func silent(s *site, _ int) error {
	c := s.dial()
	defer s.closeConn(c)
	return untilCut(c)
}

func noHello(s *site, n int) error {
	c := s.upgrade(addr(n))
	defer s.closeConn(c)
	if _, err := c.hear(); closeCode(err) != 4408 {
		return fmt.Errorf("ended with %w, want 4408", err)
	}
	return nil
}

func drippedHello(s *site, n int) error {
	c := s.upgrade(addr(n))
	defer s.closeConn(c)
	return dripping(c, frame(fin|opText, said("hello", 4<<10)), func() error {
		if _, _, err := c.read(); err != nil {
			return err
		}
		return untilCut(c)
	})
}

// halfAnUpgrade leaves out what makes a request an upgrade.
func halfAnUpgrade(s *site, n int) error {
	c := s.dial()
	defer s.closeConn(c)
	text := request(s.host, addr(n), "short", "Connection: close")
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	c.SetReadDeadline(time.Now().Add(patienceOfTests))
	response, err := http.ReadResponse(c.r, nil)
	if err != nil || response.StatusCode != http.StatusBadRequest {
		return fmt.Errorf("half an upgrade answered with %v, %w", response, err)
	}
	return untilCut(c)
}

// neverReads meets somebody, who sends it much, asks for much, and takes nothing.
// The other is told and finds again.
func neverReads(s *site, n int) error {
	partner, _ := s.visit(addr(n))
	defer s.closeConn(partner)
	want := func(kind string) (message, error) {
		for {
			m, err := partner.hear()
			if err != nil {
				return m, fmt.Errorf("the partner waits for %s: %w", kind, err)
			}
			if m.Type == kind {
				return m, nil
			}
		}
	}
	c := s.upgrade(addr(n + 1000))
	defer s.closeConn(c)
	c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	interest := fmt.Sprint("stalled ", n)
	find := `{"type":"find","mode":"video","interests":["` + interest + `"]}`
	partner.say(find)
	if _, err := want("waiting"); err != nil {
		return err
	}
	c.say(hello)
	c.say(find)
	m, err := want("matched")
	if err != nil {
		return err
	}
	for range 8 {
		partner.say(bulky(m.Pair))
	}
	return dripFast(c, func() error {
		if m, err := want("left"); err != nil || m.Reason != "lost" {
			return fmt.Errorf("left = %+v, %w", m, err)
		}
		partner.say(find)
		if _, err := want("waiting"); err != nil {
			return err
		}
		partner.say(`{"type":"leave"}`)
		_, err := partner.Write(frame(fin|opClose, closing(1000, "")))
		return err
	})
}

// dripFast writes messages that the daemon has to answer, as fast as it takes
// them, while until runs.
func dripFast(c *rawConn, until func() error) error {
	var flood sync.WaitGroup
	flood.Go(func() {
		for range 2000 {
			if c.say(`{}`) != nil {
				return
			}
		}
	})
	err := until()
	c.Conn.Close()
	flood.Wait()
	return err
}

// Trial W4: a message dripped into a session bytewise. No pong comes out of the
// middle of a frame, so that the connection is cut as one that is gone.
func TestW4DrippedMessage(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		conn, err := f.pipes.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		c := &rawConn{conn, bufio.NewReader(conn)}
		if err := c.handshake("site.test", netip.MustParseAddr("192.0.2.2")); err != nil {
			t.Fatal(err)
		}
		c.say(hello)
		if m, err := c.hear(); err != nil || m.Type != "welcome" {
			t.Fatalf("got %+v, %v; want welcome", m, err)
		}
		partner := f.visit("192.0.2.1")
		partner.send(`{"type":"find","mode":"text"}`)
		partner.expect("waiting")
		c.say(`{"type":"find","mode":"text"}`)
		partner.expect("matched")

		start := time.Now()
		go io.Copy(io.Discard, c.r) // it reads everything, and could answer pings
		for _, b := range frame(fin|opText, strings.Repeat("x", 1<<10)) {
			if _, err := c.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("dripped for %v", took)
		}
		if m := partner.expect("left"); m.Reason != "lost" {
			t.Errorf("left = %+v", m)
		}
		partner.send(`{"type":"find","mode":"text"}`)
		partner.expect("waiting")
	})
}
