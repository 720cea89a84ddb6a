// Package turn is the masked relay: a STUN/TURN server (RFC 8489, RFC 8656) on
// pion/turn whose relayed transport addresses exist only inside this process.
//
//	browser A ──5-tuple── pion ── relay A ──switch── relay B ── pion ──5-tuple── browser B
//
// A relayed transport address is drawn from 198.18.0.0/15 and a random port; no
// kernel socket is behind it. A packet that allocation A sends to allocation
// B's address crosses a map look-up and lands in B's queue, and only while
//
//   - both belong to sessions that Admit has made,
//   - those sessions are the two sides of one live pair (Join, Part), and
//   - each side installed a permission for the other under that same pair.
//
// So the relay reaches nothing but the partner, and a permission dies with its
// pair even when the same two meet again.
//
// The caller owns the sockets' addresses and the policy: it admits and dismisses
// sessions, joins and parts pairs. All methods are safe for concurrent use, and
// what Dismiss, Part and Close end has ended when they return; at most one packet
// that pion already holds is still on its way to the kernel then.
package turn
