package match_test

import (
	"testing"
	"time"
)

// CloseVideo ends searches for video and refuses new ones, and leaves the rest alone.
func TestCloseVideo(t *testing.T) {
	run(t, func(t *testing.T, f *fixture) {
		until := time.Now().Add(36 * time.Hour).UTC().Truncate(time.Second)
		a, b, _ := f.pair("video")
		c, d, e := f.visit("192.0.2.3"), f.visit("192.0.2.4"), f.visit("192.0.2.5")
		c.send(`{"type":"find","mode":"video"}`)
		c.expect("waiting")
		d.send(`{"type":"find","mode":"text"}`)
		d.expect("waiting")
		closed := func(to *client) {
			t.Helper()
			if m := to.expect("error"); m.Code != "video_closed" || m.Re != "find" || m.Until == nil || !m.Until.Equal(until) {
				t.Errorf("error = %+v", m)
			}
		}
		f.CloseVideo(until)
		closed(c)
		f.CloseVideo(until)
		for _, one := range []*client{a, b, c, d} {
			one.quiet()
		}
		e.send(`{"type":"find","mode":"video"}`)
		closed(e)
		e.send(`{"type":"find","mode":"text"}`)
		if got := e.expect("matched").Pair; got != d.expect("matched").Pair {
			t.Error("no text chat")
		}
		a.send(`{"type":"find","mode":"video"}`) // the page leaves its chat then
		closed(a)
		b.quiet()
		stats := f.Stats()
		if stats.Denied["video_closed"] != 2 || stats.Refused["video_closed"] != 3 || stats.VideoPairs != 1 {
			t.Errorf("Denied %v, Refused %v, %d video pairs", stats.Denied, stats.Refused, stats.VideoPairs)
		}

		f.CloseVideo(time.Time{})
		f.meet(f.visit("192.0.2.6"), f.visit("192.0.2.7"), "video")
	})
}
