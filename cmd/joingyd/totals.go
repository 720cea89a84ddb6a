package main

import (
	"net/http"
	"path/filepath"

	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/totals"
)

// totalsDir, in the data directory, has the daily totals.
const totalsDir = "totals"

// openTotals opens the daily totals: those that there are can be read where none are counted.
func (d *daemon) openTotals() (err error) {
	options := totals.Options{Log: d.log}
	if d.cfg.Privacy.Counters {
		options.Relayed = func() uint64 { return d.relay.Stats().Bytes }
	}
	if d.totals, err = totals.Open(filepath.Join(d.cfg.DataDir, totalsDir), options); err != nil {
		return err
	}
	d.closers = append(d.closers, d.totals.Close)
	return nil
}

// visits are the totals, as the matchmaker wants them.
type visits struct{ *totals.Totals }

func (d *daemon) visits() match.Visits {
	if !d.cfg.Privacy.Counters {
		return nil
	}
	return visits{d.totals}
}

// Kind implements match.Visits.
func (visits) Kind(h http.Header) match.Kind { return match.Kind(totals.KindOf(h)) }

// Came implements match.Visits.
func (v visits) Came(kind match.Kind, language string) { v.Totals.Came(totals.Kind(kind), language) }

// Talked implements match.Visits.
func (v visits) Talked() { v.Chatted("text") }

// videoConnected is told of video chats that were ones, once they are over.
func (d *daemon) videoConnected() {
	if d.cfg.Privacy.Counters {
		d.totals.Chatted("video")
	}
}

func (d *daemon) visitMetrics() metrics.Visits {
	s := d.totals.Since()
	return metrics.Visits{
		Visits: s.Visits, Chats: s.Chats, Systems: s.Systems, Browsers: s.Browsers, Devices: s.Devices, Languages: s.Languages, Stays: s.Stays,
	}
}
