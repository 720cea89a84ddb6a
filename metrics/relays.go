package metrics

import "github.com/prometheus/client_golang/prometheus"

// Relays is what a node's sessions have at the relays of others, and theirs at its own. What
// is a uint64 counts since the start.
type Relays struct {
	Alive           int // relays, this node's among them
	Elsewhere, None int // sessions of this node that are at another node's relay, at none
	GuestSessions   int // of other nodes, at this one's
	GuestPairs      int
	Moved           uint64 // sessions of this node that got another relay
	Told, Asked     uint64 // times that all was told to another node's relay, or asked of another node
	Unsaid, Invalid uint64 // messages that the bus did not take, or that were malformed
	Refused, Silent uint64 // pairs of other nodes that could not be joined, nodes that fell silent
}

func relaysPart(sources Sources) part {
	alive := gauge("cluster_relays", "Relays that are alive, this node's among them.")
	elsewhere := gauge("cluster_relay_sessions_elsewhere", "Sessions here that are at the relays of other nodes.")
	none := gauge("cluster_relay_sessions_none", "Sessions here for which there is no relay: they can chat by text only.")
	guests := gauge("cluster_relay_guest_sessions", "Sessions of other nodes at this node's relay.")
	pairs := gauge("cluster_relay_guest_pairs", "Pairs of other nodes at this node's relay.")
	moved := counter("cluster_relay_moved_total", "Sessions here that got another relay: to meet their partner, or because theirs was gone.")
	told := counter("cluster_relay_told_total", "Times that a relay of another node was told all that this node has there.")
	asked := counter("cluster_relay_asked_total", "Times that another node was asked for all that it has at this node's relay.")
	unsaid := counter("cluster_relay_unsaid_total", "Messages to relays that there was no room for; all is told then.")
	invalid := counter("cluster_relay_invalid_total", "Messages of relays and about them that were malformed.")
	refused := counter("cluster_relay_refused_total", "Pairs of other nodes that this node's relay would not join.")
	silent := counter("cluster_relay_silent_total", "Nodes that fell silent, so that their sessions are no longer served by this node's relay.")
	relays := orZero(sources.Relays)
	families := []family{alive, elsewhere, none, guests, pairs, moved, told, asked, unsaid, invalid, refused, silent}
	return part{families, func(to chan<- prometheus.Metric) {
		r := relays()
		alive.send(to, float64(r.Alive))
		elsewhere.send(to, float64(r.Elsewhere))
		none.send(to, float64(r.None))
		guests.send(to, float64(r.GuestSessions))
		pairs.send(to, float64(r.GuestPairs))
		moved.send(to, float64(r.Moved))
		told.send(to, float64(r.Told))
		asked.send(to, float64(r.Asked))
		unsaid.send(to, float64(r.Unsaid))
		invalid.send(to, float64(r.Invalid))
		refused.send(to, float64(r.Refused))
		silent.send(to, float64(r.Silent))
	}}
}
