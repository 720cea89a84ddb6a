// Package pool is the pool that the nodes of a site share, in Redis: who waits on any of
// them, and whom they may be paired with.
//
//	Offer ──▶ one script a gate ──▶ found: the other is out, its node is asked (not here)
//	             │ nobody
//	             ▼
//	          in the gate, under a lease ──▶ Search at the time that Offer told, and again
//	             │                              │ ErrGone: somebody found it, or Redis forgot
//	             ▼                              ▼
//	          Renew, once a second           offered anew, under another ID
//
// A gate is a mode and a language. One script searches it and, if nobody is found, puts
// the ticket in: in one step, so that two never pass each other by. It makes the decisions of
// match/pool and looks at as few tickets, however many wait: what a ticket asks and what its
// interests are worth comes from there (Terms), with the ticket.
//
// A gate that is too busy for one Redis is split into shards, by the rarest interest, so
// that equals meet; a shard in which few wait, or where patience has ended, lends its
// searches to the others. All keys of a shard are in one hash slot, and no script touches two.
//
// A ticket's ID is used for one stay. A gate hands it out at most once. A ticket of several
// languages stands in several gates, each of which can hand it out: its own node, which is
// always asked, says yes once.
//
// Redis sees tags only (what a caller derived with a key from a session or an interest),
// mode, language, waits, and the names of nodes. All of it may vanish at any moment: tickets
// that are not there any more are named by Renew and by ErrGone. What nobody renews ends by
// itself: a member's tickets with its lease, a gate 30 s after the last member.
//
// What the scripts keep has a version, which is in the names of keys. Scripts that do
// something else with the same records may run beside each other: Redis knows them by their
// hashes. Those that keep other records never see these: while nodes of both are there, a
// visitor who waits at one kind meets those of the other only by what their own hubs pair. So
// a version of the daemon that changes them offers tickets in both for as long as the version
// before may be there, or lives with that for the time of an upgrade.
package pool
