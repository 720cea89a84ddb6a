package metrics

import "github.com/prometheus/client_golang/prometheus"

// SharedAccounts is what nodes count together of addresses and passes. What is a uint64 counts
// since the start.
type SharedAccounts struct {
	Known        int               // of which this node has told something, or is to
	Told, Failed uint64            // times that something was told; that there was no answer
	Dropped      uint64            // things that were not told for want of room
	Refused      map[string]uint64 // what this node alone would have let be, by what it was
}

func sharedAccountsPart(sources Sources) part {
	known := gauge("cluster_accounts", "Addresses and passes that are counted together with other nodes.")
	told := counter("cluster_accounts_told_total", "Times that what was done here was told, and what was done at all nodes was heard.")
	failed := counter("cluster_accounts_failed_total", "Times that there was no answer to that: this node's own count held.")
	dropped := counter("cluster_accounts_dropped_total", "Addresses and passes that were not counted together for want of room.")
	refused := counter("cluster_accounts_refused_total", "What was refused for what was done at other nodes: sessions, the pace of an address, passes.", "what")
	accounts := orZero(sources.SharedAccounts)
	return part{[]family{known, told, failed, dropped, refused}, func(to chan<- prometheus.Metric) {
		a := accounts()
		known.send(to, float64(a.Known))
		told.send(to, float64(a.Told))
		failed.send(to, float64(a.Failed))
		dropped.send(to, float64(a.Dropped))
		sendAll(to, refused, a.Refused, sources.Commons)
	}}
}
