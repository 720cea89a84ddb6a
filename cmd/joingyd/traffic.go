package main

import (
	"path/filepath"
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

// closeVideo has no video chat begin until the month is over; the zero time opens them.
func (d *daemon) closeVideo(until time.Time) {
	d.hub.CloseVideo(until)
	d.relay.Pause(!until.IsZero())
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
