package metrics

import "github.com/prometheus/client_golang/prometheus"

// SharedBans is what the feed does that brings the bans of each node to all. All but Lacking
// counts since the start.
type SharedBans struct {
	Lacking int // origins of which others have more than this node

	Published, Applied, Supplied uint64 // changes of this node; of others; that others had missed
	Ended                        uint64 // sessions, by bans of others

	Asked, Gaps, Resets, Refused, Dropped, Failed uint64 // as the label says
}

func sharedBansPart(sources Sources) part {
	lacking := gauge("cluster_bans_lacking", "Nodes of whose bans others have more than this one: what is missing is being asked for.")
	changes := counter("cluster_bans_changes_total", "Changes of bans: published, this node's own; applied, of others; supplied, that others had missed.", "way")
	ended := counter("cluster_bans_ended_total", "Sessions that bans of other nodes ended.")
	events := counter("cluster_bans_events_total", "What went wrong on the way, and is made good: gap, something was missing; asked, for that; reset, the stream in Redis was emptied; refused, not of this cluster or damaged; dropped, a wish without room; failed, Redis or the store.", "event")
	bans := orZero(sources.SharedBans)
	return part{[]family{lacking, changes, ended, events}, func(to chan<- prometheus.Metric) {
		b := bans()
		lacking.send(to, float64(b.Lacking))
		changes.send(to, float64(b.Published), "published")
		changes.send(to, float64(b.Applied), "applied")
		changes.send(to, float64(b.Supplied), "supplied")
		ended.send(to, float64(b.Ended))
		events.send(to, float64(b.Gaps), "gap")
		events.send(to, float64(b.Asked), "asked")
		events.send(to, float64(b.Resets), "reset")
		events.send(to, float64(b.Refused), "refused")
		events.send(to, float64(b.Dropped), "dropped")
		events.send(to, float64(b.Failed), "failed")
	}}
}
