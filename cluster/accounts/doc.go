// Package accounts counts over all nodes what may be done only so often: how many sessions
// an address holds and how fast it goes, what is held against it, and how many sessions
// show the same proof of age. Each of those whom a node has to do with has one account.
//
//	what was done here since it was last told ─▶ Settle ─▶ one script, one key of Redis
//	what all nodes together have done         ◀───────────┘
//
// An account has
//
//   - seats, of which all nodes together have so many: a node says how many it has taken
//     and how many it would like beside those, and hears how many others have. Two that
//     ask for the last one do not both get it;
//   - weights: each node says how much it has against whose account it is, and hears what
//     the others have, added up;
//   - buckets of tokens, which a node has taken out of its own already. What it hears is
//     what is missing from the one that all have in common;
//   - a score, of which a half goes in each half-life;
//   - marks: things that happened, each of which counts for a time.
//
// Why one place that is asked, and not news for all: most of whom a node hears are those
// whom no other node ever sees. A question costs the same however many nodes there are,
// only who has to do with an account hears of it, and the script can give the last seat
// away once. What is told is told in batches, one after the other, so that no older word
// overtakes a newer one.
//
// Seats and weights are those of a process. They count as long as that is among the live nodes, so a
// node that is killed keeps nobody out, and for Lasts, within which seats are told again.
// Tokens, points and marks are told once: where no answer comes, they may not have been
// taken down, and are not told again, since to count something twice would be worse.
//
// An account ends by itself when nothing is in it any more: for the usual visitor, who
// took a token or two, seconds after the last session. Where Redis is emptied,
// everybody has an allowance anew, and Standing.Forgotten says that seats are to be told again.
//
// Redis sees tags: HMACs, with a key that HKDF (RFC 5869) makes of the cluster's, of whose an
// account is. What is in it are numbers, and in the names of processes nothing that
// outlives them.
package accounts
