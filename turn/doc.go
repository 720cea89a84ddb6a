// Package turn is the relay: a STUN/TURN server (RFC 8489, RFC 8656) with a gate
// in front of it, in one of two modes.
//
//	masked: client ── socket ── gate ── switch ──────────────── socket ── client
//	open:   client ── socket ── gate ── pion ── kernel socket ── … ── any peer
//
// The gate judges whatever clients send: it answers or drops what is wrong, and
// bounds and grants what is right.
//
// In the masked relay a relayed transport address is drawn from 198.18.0.0/15 and
// a random port, and no kernel socket is behind it. A packet that allocation A's
// client sends to allocation B's address goes straight to B's client, and only
// while
//
//   - both belong to sessions that Admit has made,
//   - those sessions are the two sides of one live pair (Join, Part), or one and
//     the same, and
//   - each side has a permission for the other under that very pair.
//
// So the relay reaches nothing but the partner, and what was granted under a pair
// dies with it even when the same two meet again.
//
// One goroutine reads each UDP socket, in batches, and one each connection. What
// its packets cause to be sent it gathers in an outbox: datagrams leave with its
// flush, frames for a connection wait in that one's bounded queue. On the way a
// packet meets no lock and costs no allocation. Options.Offload may take whole
// flows out of the process.
//
// The open relay (Options.Open) is pion/turn, with a kernel socket for each
// allocation, for peers anywhere that a policy lets through.
//
// Where sessions live on other machines, credentials may arrive before their sessions
// do (Options.Shared), and pairs last by a lease of who joined them (JoinHeld, Renew).
//
// The caller owns the sockets' addresses and the policy: it admits and dismisses
// sessions, joins and parts pairs. All methods are safe for concurrent use, and
// what Dismiss, Part, Kill and Close end has ended when they return: a packet that
// comes after that passes nowhere; at most the batch that is just being sent is
// still on its way to the kernel.
package turn
