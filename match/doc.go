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
package match
