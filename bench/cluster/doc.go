// Command bench-cluster measures the pool that nodes share in Redis: matches a second, how
// long an offer takes, what Redis spends on a match and holds of a ticket; beside it the pool
// of one machine. Each node is a process. make bench-cluster runs it; docs/benchmarks.md has
// the figures. With -simulate it reckons what large sites need, from what it has measured:
// make simulate.
//
//	nodes ── visitors, simulated time ──▶ cluster/pool ──▶ redis-server (a process of ours)
//	  └──── who was found ──▶ its node (a datagram)             │ INFO: CPU, scripts, bytes
//	                                                            ▼
//	local: match/pool, same visitors ─────────────────────▶ tables
//
// Time is simulated: visitors arrive at such a rate that so many wait, however fast all
// that goes. The nodes count arrivals together, in Redis, so that their clocks agree.
package main
