// Package trial tries a site of three nodes as its visitors meet it: daemons in processes of
// their own, a real Redis, a load balancer, some hundred visitors who chat all the time, and
// faults. It has nothing but tests.
//
//	visitors ── WebSockets ──▶ balancer ──▶ node 1, 2, 3 ──▶ a proxy each ──▶ Redis
//	    │                                      ▲  ▲                             ▲
//	    │ what each did and was told           │  └── bans, at any node         │
//	    ▼                                      └────────── faults ──────────────┘
//	 history ──▶ check: what must never be, by rule
//
// A visitor is one goroutine that acts and one that reads, and both write into one history, in
// one order: what is done is noted before it is sent, what is told when it has come. So whatever
// caused something stands before it.
//
// The checker knows nothing of hubs. That it would find a mistake is shown with daemons that have
// one: the source is changed in a copy (go build -overlay), so production has no hook for that.
// Clocks that differ are made the same way.
//
// Everything but the checker's own test runs with TRIALS=full only: it takes minutes.
package trial
