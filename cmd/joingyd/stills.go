package main

import (
	"maps"
	"slices"

	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/classify"
	"github.com/joingyd/joingyd/moderate/watch"
)

// tallyStills counts in the figures of this month what was looked at since it was last
// called, not at the same time.
func (d *daemon) tallyStills() {
	if d.watch == nil {
		return
	}
	before, now := d.tallied, d.watch.Stats()
	d.tallied = now
	d.cases.Tally(func(m *moderate.Totals) {
		m.Stills += int(now.Looked - before.Looked)
		for label, n := range now.Found {
			m.Found[label] += int(n - before.Found[label])
		}
	})
}

func (d *daemon) stillMetrics() metrics.Stills {
	if d.watch == nil {
		return metrics.Stills{}
	}
	s := d.watch.Stats()
	return metrics.Stills{Looked: s.Looked, Found: s.Found, Lost: stillLosses(s), Waiting: s.Waiting}
}

// stillLosses are stills of which nothing was said, by reason.
func stillLosses(s watch.Stats) map[string]uint64 {
	return map[string]uint64{"room": s.Dropped, "late": s.Late, "spoilt": s.Spoilt, "failed": s.Failed}
}

func (d *daemon) classifierMetrics() metrics.Classifier {
	if d.classifier == nil {
		return metrics.Classifier{}
	}
	s := d.classifier.Stats()
	return metrics.Classifier{
		Calls: classifierCalls(s), Seconds: s.Took.Seconds(), Retried: s.Retried, Opened: s.Opened,
		Resting: s.Breaker != classify.Closed, InFlight: s.InFlight, Waiting: s.Waiting,
	}
}

// classifierCalls are the calls that are over, by outcome.
func classifierCalls(s classify.Stats) map[string]uint64 {
	return map[string]uint64{
		"answered": s.Answered, "busy": s.Dropped, "resting": s.Rested, "connection": s.Failed.Connection, "timeout": s.Failed.Timeout,
		"status": s.Failed.Status, "bad_answer": s.Failed.BadAnswer, "image": s.Failed.Image, "cancelled": s.Failed.Cancelled,
	}
}

// names are the keys of counts, which are the same for any.
func names(counts map[string]uint64) []string { return slices.Sorted(maps.Keys(counts)) }
