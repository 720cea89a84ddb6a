package metrics

import "github.com/prometheus/client_golang/prometheus"

// SharedRedis is how the Redis that the nodes share serves this one. What is a uint64 counts
// since the start.
type SharedRedis struct {
	State   string  // of the node, one of Sources.ClusterStates; empty: it is alone, as it is meant to be
	Answer  float64 // seconds that its last answer to a probe took
	Downs   uint64  // times that it went down
	Calls   uint64  // commands
	Refused uint64  // commands that failed at once, for it was down
	Busy    uint64  // commands that failed at once, for too many were under way
}

func sharedRedisPart(sources Sources) part {
	state := gauge("cluster_state", "1 for how the node is with the others: joined; alone (refused), slow or down (Redis), in which it pairs its own visitors only.", "state")
	answer := gauge("cluster_redis_answer_seconds", "What the last answer of Redis to a probe took.")
	downs := counter("cluster_redis_downs_total", "Times that Redis went down.")
	calls := counter("cluster_redis_calls_total", "Commands for Redis.")
	refused := counter("cluster_redis_refused_total", "Commands that failed at once: Redis was down, or too many were under way.", "reason")
	redis := orZero(sources.SharedRedis)
	return part{[]family{state, answer, downs, calls, refused}, func(to chan<- prometheus.Metric) {
		r := redis()
		for _, one := range sources.ClusterStates {
			state.send(to, flag(one == r.State), one)
		}
		answer.send(to, r.Answer)
		downs.send(to, float64(r.Downs))
		calls.send(to, float64(r.Calls))
		refused.send(to, float64(r.Refused), "down")
		refused.send(to, float64(r.Busy), "busy")
	}}
}
