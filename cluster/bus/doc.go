// Package bus carries messages between nodes: sealed, in order and numbered, over Redis'
// sharded publish and subscribe (Redis 7), with one channel a node.
//
//	Send ─▶ queue of the link ─▶ its writer ── SPUBLISH ─▶ joingy:bus:{NAME}
//	Ask         (a bound)        one frame at a time, with all that waited meanwhile
//
//	SSUBSCRIBE ─▶ open ─▶ number? ─▶ inbox of the link ─▶ Gap, Handler: one at a time,
//	                      twice: dropped    (a bound)     in order; Answer: several at once
//
// Publishing keeps nothing, so the bus promises no delivery. It promises this, to the
// process with which a node has a link:
//
//   - what arrives arrives once and in the order in which it was sent;
//   - before the first message after one that was lost, Gap is called; also for what was
//     lost last, without a next message, as soon as Redis and the other node are there;
//   - Gap is called when a node is first heard from, when it was started anew, and for all
//     nodes when this one's subscription was interrupted, whatever was lost meanwhile;
//   - a message goes to the process that had the node's name when it was sent, never to
//     one that was started after it; it is dropped if it finds no way within 2 s.
//
// So who has state together with another node tells it again after Gap, and answers for
// the rest by deadlines. A gap may be called without a loss, never the other way.
//
// # Frames
//
// Each Bus has an Incarnation, 16 random bytes, and a key of its own for AES-256-GCM that
// HKDF (RFC 5869) makes of the cluster's key with it as salt: so a counter is nonce enough,
// for any number of frames, and two processes never share one. A frame is
//
//	byte      version, 1
//	16 bytes  the sender's incarnation
//	uint64    how many frames it sealed before: the nonce
//	sealed, with the version and the channel as associated data:
//	    16 bytes      the receiver's incarnation; zeros: unknown, this is a greeting
//	    uint64        number of the first message, or of the next if there is none
//	    byte, string  the sender's name
//	    messages      byte class, byte kind, uint32 size, payload; after the size of a
//	                  question or an answer its uint64 id
//
// and integers are big-endian. Messages are numbered from link to link; what was dropped has
// a number too. A frame without messages is a mark: it says what the next number is.
//
// A node that does not know another's incarnation greets it and waits for a mark in
// return: messages are taken only if they are addressed to the very process that reads
// them, and who was followed by another process of the name is remembered (256 a node), so
// frames that somebody recorded in Redis are of no use to him later. Who can write to Redis
// without the key can hold frames up, drop them (which is noticed) and count them.
package bus
