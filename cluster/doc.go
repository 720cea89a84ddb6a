// Package cluster makes a daemon one of the nodes of a site that share Redis.
//
//	hub ── Offer, Withdraw ─▶ seeker ─▶ pool ──┐
//	 ▲ └── Send ─▶ bus ───────────────────────▶ Redis ◀── the other nodes
//	 └──── Propose, Receive, Gap, Lost ◀───────┘   ▲
//	       Nodes, Online ◀── nodes ────────────────┤
//	       what an address may do ◀── accounts ────┘
//
// What is in Redis is soft state, and may vanish at any moment: who waits, who is there, and
// messages on their way. A session and its chat are in one hub, whole.
//
// While Redis is slow or down hubs pair whom they have, and the node stays among those that
// it knew. When it is back all that wait are offered anew.
//
// Redis sees tags: HMACs, with keys that HKDF (RFC 5869) makes of the cluster's key, of
// sessions, interests and names; and what is sealed with such a key.
package cluster
