// Package match is the matchmaker: it pairs strangers by common interests and
// carries what they say to each other until the pair ends.
//
//	socket ──hello──▶ session ──find──▶ ticket in the Pool ──▶ pair ──next, leave, loss, ban──▶ over
//
// A session belongs to a visitor and outlives its socket for a while: a resume
// token brings the next socket to it, and what was not acknowledged is sent
// again. A pair joins two sessions; what one sends about the pair passes checks
// and the mask (package mask) and lands in the other's bounded outbox.
//
// The Hub owns all of it. One lock guards sessions, pool and pairs: every step
// under it is memory only, takes microseconds, and never waits for a socket.
// Nothing that visitors say is logged or stored.
//
// A site may have several hubs (Cluster). A chat stays in one: before two who wait at
// different hubs are paired, the session of one moves to the other's (move.go). Its socket
// stays where it is, and becomes a door:
//
//	socket ── door ═══ frames: up, down, acknowledged, sent again ═══ remote ── session
//
// A remote is a link of a session as a socket is, so that nothing else knows of it.
package match
