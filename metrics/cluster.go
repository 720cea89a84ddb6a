package metrics

import "github.com/prometheus/client_golang/prometheus"

// Cluster is what a node has to do with the others of its site. What is a uint64 counts
// since the start.
type Cluster struct {
	RedisUp bool // it answers, and soon
	Nodes   int  // others that are alive
	Offers  int  // sessions that wait here and are offered to other nodes

	Found, Lost, Failed, Dropped uint64 // offers that found somebody, were forgotten; calls that failed; offers without room

	Moves  map[string]uint64 // of sessions between nodes, by what became of them
	Seeks  map[string]uint64 // sessions that were looked for at other nodes, by outcome
	Doors  int               // sockets here whose sessions are at other nodes
	Guests int               // sessions here whose sockets are at other nodes

	Sent, Received uint64            // messages on the bus
	Undelivered    map[string]uint64 // of those, by reason
	Gaps           uint64            // times that some were lost
	Queued         int               // bytes that wait for Redis
	Asked          map[string]uint64 // requests to other nodes, by what became of them
}

func clusterPart(sources Sources) part {
	up := gauge("cluster_redis_up", "1 while the Redis that the nodes share answers, and soon; 0 on a daemon that is alone, too.")
	nodes := gauge("cluster_nodes", "Other nodes that are alive.")
	offers := gauge("cluster_offers", "Sessions that wait here and are offered to other nodes.")
	found := counter("cluster_found_total", "Offers for which the shared pool had somebody.")
	lost := counter("cluster_lost_total", "Offers that the shared pool had forgotten, and that were offered again.")
	failed := counter("cluster_calls_failed_total", "Calls of the shared pool that failed.")
	unoffered := counter("cluster_offers_dropped_total", "Sessions that could not be offered for want of room: those are paired here alone.")
	moves := counter("cluster_moves_total", "Moves of waiting sessions from node to node, by what became of them.", "outcome")
	seeks := counter("cluster_seeks_total", "Clients that came back to a node that had not their session, by what became of that.", "outcome")
	doors := gauge("cluster_doors", "Sockets here whose sessions are at other nodes.")
	guests := gauge("cluster_guests", "Sessions here whose sockets are at other nodes.")
	sent := counter("cluster_bus_sent_total", "Messages to other nodes.")
	received := counter("cluster_bus_received_total", "Messages from other nodes.")
	undelivered := counter("cluster_bus_dropped_total", "Messages that came to nothing, by reason; each is noticed, and what depends on it is said again.", "reason")
	gaps := counter("cluster_bus_gaps_total", "Times that messages of another node may have been lost, its start among them.")
	queued := gauge("cluster_bus_queued_bytes", "Messages that wait for Redis.")
	asked := counter("cluster_asked_total", "Requests to other nodes, stills and those of joingyd --node among them, by what became of them.", "outcome")
	cluster := orZero(sources.Cluster)
	families := []family{up, nodes, offers, found, lost, failed, unoffered, moves, seeks, doors, guests, sent, received, undelivered, gaps, queued, asked}
	return part{families, func(to chan<- prometheus.Metric) {
		c := cluster()
		up.send(to, flag(c.RedisUp))
		nodes.send(to, float64(c.Nodes))
		offers.send(to, float64(c.Offers))
		found.send(to, float64(c.Found))
		lost.send(to, float64(c.Lost))
		failed.send(to, float64(c.Failed))
		unoffered.send(to, float64(c.Dropped))
		sendAll(to, moves, c.Moves, sources.MoveOutcomes)
		sendAll(to, seeks, c.Seeks, sources.SeekOutcomes)
		doors.send(to, float64(c.Doors))
		guests.send(to, float64(c.Guests))
		sent.send(to, float64(c.Sent))
		received.send(to, float64(c.Received))
		sendAll(to, undelivered, c.Undelivered, sources.BusDrops)
		gaps.send(to, float64(c.Gaps))
		queued.send(to, float64(c.Queued))
		sendAll(to, asked, c.Asked, sources.AskOutcomes)
	}}
}
