// Package pool pairs those who wait: by mode, language and common interests, the rarer
// the better, and none of them for longer than they must.
//
//	Add ──▶ find: interests, the rarest first ──▶ surplus ≥ 0: a pair
//	           │ none                                    ▲
//	           ▼                                         │
//	        queues by age: interest, gate, open     what a ticket asks falls as it waits,
//	           │                                    and is 0 when patience ends
//	           ▼                                         │
//	        wheel: when to search again ──▶ Expire ──────┘
//
// It is a pure data structure: time comes from outside, nothing runs by itself, and the
// same calls give the same pairs. A search looks at a bounded number of tickets, so an
// arrival costs the same however many wait.
//
// How well it does, beside first come, first served and beside taking the best at
// once, is measured against the offline optimum: bench/match, docs/benchmarks.md.
package pool
