// Package turn is the relay: a STUN/TURN server (RFC 8489, RFC 8656) on pion/turn,
// with a gate in front of it, in one of two modes.
//
//	client ──socket── gate ── pion ── relay ── medium ── … ── pion ──socket── client
//
// The sockets (datagramConn, streamConn) hand pion one whole message at a time,
// and only what the gate lets pass; what pion gets wrong the gate answers or
// drops.
//
// The medium of the masked relay is a switch: a relayed transport address is drawn
// from 198.18.0.0/15 and a random port, and no kernel socket is behind it. A packet
// that allocation A sends to allocation B's address lands in B's queue, and only
// while
//
//   - both belong to sessions that Admit has made,
//   - those sessions are the two sides of one live pair (Join, Part), or one and
//     the same, and
//   - each side has a permission for the other under that very pair.
//
// So the relay reaches nothing but the partner, and a permission dies with its
// pair even when the same two meet again.
//
// The medium of the open relay (Options.Open) is a kernel socket, for peers
// anywhere that a policy lets through.
//
// The caller owns the sockets' addresses and the policy: it admits and dismisses
// sessions, joins and parts pairs. All methods are safe for concurrent use, and
// what Dismiss, Part, Kill and Close end has ended when they return; at most one
// packet that pion already holds is still on its way to the kernel then.
package turn
