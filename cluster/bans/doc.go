// Package bans carries what is done to one node's ban store to those of the others.
//
//	Store ─ Fed ─▶ publish ─ XADD ─▶ one stream of Redis ─ XREAD BLOCK ─▶ follow ─▶ Store.Apply ─▶ Enforce
//	  ▲                ▲                                                    │ a gap
//	  │ Items          └──────────── "want": somebody lacks something ◀─────┤
//	  └ Digest ─▶ Peers (heartbeats) ─ Digests ─▶ reconcile ─ Learn ────────┘
//
// The stores are the truth, and each keeps a log of its own changes and of what it has
// applied of others. The stream is only the quick way: every node reads all of it, from
// where it was, and it may be emptied, cut off or put back at any time. What is missing
// then shows twice: as a gap in the versions of an origin, and in what the heartbeats say
// that others have. Whoever lacks something asks one that has it, over the stream, and the
// answer is for all. So an item is lost only if every node that has it is.
//
// What goes over the stream is sealed with AES-256-GCM under a key derived from the
// cluster's: Redis sees when something is done and how much, and nothing else. A frame that
// is said twice, or again later, changes nothing: versions tell.
//
// It is one stream and not one a node, so that a node waits on one connection, however
// many nodes there are. It is trimmed to Options.Length frames.
package bans
