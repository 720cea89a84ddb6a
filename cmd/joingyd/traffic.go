package main

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/quota"
)

// trafficDir, in the data directory, has what the relay carried in a month.
const trafficDir = "traffic"

// openTraffic goes on counting the month's traffic. What is closed at its limit is there.
func (d *daemon) openTraffic() (err error) {
	d.traffic, err = quota.Open(filepath.Join(d.cfg.DataDir, trafficDir), quota.Options{
		Relayed: func() uint64 { return d.relay.Stats().Bytes },
		Limit:   uint64(d.cfg.TURN.TrafficPerMonth),
		Closed:  d.closeVideo,
		Log:     d.log,
	})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.traffic.Close)
	return nil
}

// videoClosed is whether video chats may begin: not while this node's relay has carried what
// it may in the month, unless other nodes' take them.
type videoClosed struct {
	mu     sync.Mutex // guards what follows
	until  time.Time  // this relay's month is over; zero: it may carry more
	others bool       // relays of other nodes take new allocations
	told   time.Time  // to the hub
}

// closeVideo has the relay take no new allocations until the month is over; the zero time
// ends that.
func (d *daemon) closeVideo(until time.Time) {
	d.relay.Pause(!until.IsZero())
	d.closed.mu.Lock()
	defer d.closed.mu.Unlock()
	d.closed.until = until
	d.tellClosedLocked()
}

// relaysTaken is told from time to time whether any node's relay takes new allocations.
func (d *daemon) relaysTaken(taken bool) {
	d.closed.mu.Lock()
	defer d.closed.mu.Unlock()
	d.closed.others = taken
	d.tellClosedLocked()
}

func (d *daemon) tellClosedLocked() {
	until := d.closed.until
	if d.closed.others {
		until = time.Time{}
	}
	if !until.Equal(d.closed.told) {
		d.closed.told = until
		d.hub.CloseVideo(until)
	}
}

// month reports whether this relay has carried what it may in the month.
func (c *videoClosed) month() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.until.IsZero()
}

// monthTraffic is the traffic of this month, as the control API wants it.
func monthTraffic(u quota.Usage) admin.MonthTraffic {
	t := admin.MonthTraffic{Month: u.Month, Bytes: u.Bytes, Limit: u.Limit}
	if u.Reached() {
		t.ClosedUntil = u.Ends
	}
	return t
}

func (d *daemon) countTraffic(r *inventory) error {
	return r.files(filepath.Join(d.cfg.DataDir, trafficDir), quota.IsFile, time.DateOnly)
}
