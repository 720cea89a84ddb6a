// Package redis is the node's connection to Redis, and what is known of its health.
//
//	Dial ─▶ Conn ── a goroutine: one probe each 250 ms ─▶ Up, Slow, Down ─▶ Watch
//	          └── Client: rueidis behind a gate that is shut while Redis is down
//
// The probe is a SET of a key of the Conn's own that ends by itself after a second: a
// PING would also be answered by a replica, by a primary without the replicas that it
// wants, and by one whose memory is full. In a cluster it goes to one primary: another
// may be gone while the state is Up.
//
// Three failures in a row, or a second without an answer, are Down. Answers that take
// more than 100 ms, for a second, are Slow. A second of good answers is Up again; the
// first good answer ever needs no second. While Down only probes go out: every command of
// Client fails at once with ErrDown, so nothing piles up for a server that is not there;
// nor in the second before, for only so many calls may be under way.
//
// A call is tried once: who calls knows whether it may be said twice. Moved slots of a
// cluster are followed; a new primary is learnt from the Sentinels.
package redis
