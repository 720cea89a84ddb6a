package metrics

import "github.com/prometheus/client_golang/prometheus"

// SharedPool is what this node has to do with the pool that nodes share. What is a uint64 counts
// since the start.
type SharedPool struct {
	Own     int // tickets of this node
	Waiting int // of all nodes, in the gates that this one uses, as it last heard
	Shards  int // of the gate that has most

	Searches, Visits  uint64 // made by scripts; tickets that those looked at
	Found, Gone, Full uint64 // searches that found somebody, for a ticket that was not there any more; tickets without room
	Dead, Lost        uint64 // tickets that were removed because they had not been heard of; own ones among such
}

func sharedPoolPart(sources Sources) part {
	own := gauge("cluster_pool_tickets", "Tickets of this node in the shared pool.")
	waiting := gauge("cluster_pool_waiting", "Tickets of all nodes in the gates of the shared pool that this node uses, as it last heard; one of several languages is in several.")
	shards := gauge("cluster_pool_shards", "Shards of the gate that has most.")
	searches := counter("cluster_pool_searches_total", "Searches of the shared pool.")
	visits := counter("cluster_pool_visits_total", "Tickets that those looked at.")
	outcomes := counter("cluster_pool_outcomes_total", "Searches that found somebody, that were for a ticket which was not there any more, and tickets for which there was no room.", "outcome")
	removed := counter("cluster_pool_removed_total", "Tickets that were removed because nobody had renewed them: dead, of any node; lost, of this one.", "reason")
	pool := orZero(sources.SharedPool)
	return part{[]family{own, waiting, shards, searches, visits, outcomes, removed}, func(to chan<- prometheus.Metric) {
		p := pool()
		own.send(to, float64(p.Own))
		waiting.send(to, float64(p.Waiting))
		shards.send(to, float64(p.Shards))
		searches.send(to, float64(p.Searches))
		visits.send(to, float64(p.Visits))
		outcomes.send(to, float64(p.Found), "found")
		outcomes.send(to, float64(p.Gone), "gone")
		outcomes.send(to, float64(p.Full), "full")
		removed.send(to, float64(p.Dead), "dead")
		removed.send(to, float64(p.Lost), "lost")
	}}
}
