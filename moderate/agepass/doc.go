// Package agepass lets a site ask for proof of age before the first match: a
// service outside checks the visitor, and joingyd gives out an anonymous pass.
//
//	page                         joingyd                        checker
//	 │◀── challenge: url, state, nonce ──│                          │
//	 │─── url?state&return ─────────────────────────────────────▶│ checks the age
//	 │◀── /age?state&code ──────────────────────────────────────│
//	 │─── Redemption: state, nonce, code ▶│── POST state, code ──▶│
//	 │◀── Issued: pass, expires ─────────│◀─ adult, expires ─────│
//	 │─── answer: pass ─────────────────▶│ Check
//
// [Gate] is joingyd's side of it, made of a [Signer], which signs and checks, and
// a [Checker], which asks.
//
// # What a pass is
//
// A pass says: the checker of this site said of somebody, before this hour, that
// they are an adult. It holds a random number, the hour at which it ends, the site
// and which key signed it; nothing of the visitor, the session, the address, the
// state or the code went into it, and nothing is kept of it. Two passes have
// nothing in common but, perhaps, the hour and the key, which everybody's of that
// hour have.
//
// # What it is not
//
//   - It proves what the checker said and no more: neither that the checker is
//     right, nor that whoever shows the pass is who was checked. Like a ticket, it
//     can be given away. Whoever wants to bound that counts by the text of the pass
//     how many sessions use it at once: no two texts are the same pass. That is up
//     to the caller; this package keeps nothing.
//   - It is anonymous towards the checker, which never sees it, and towards whoever
//     reads the daemon's memory later. It is not blinded, as the tokens of Privacy
//     Pass (RFC 9578) are: a daemon that was changed to write passes down could tie
//     a use to its issue, and one pass shown twice to itself. Here both happen in
//     one program, which sees the visitor's address anyway.
//   - It is no credential of the European blueprint for age verification, of AgeKey
//     or of another wallet: those are for the checker to ask for, and to judge.
//
// # Why HMAC
//
// Who signs is who checks, so that a public key would serve nobody: HMAC-SHA-256
// (RFC 2104) is shorter and quicker than Ed25519, and a pass tells nobody else that
// it is genuine. The keys for passes and for states are derived from each secret
// with HKDF (RFC 5869), so that neither can be taken for the other. A secret is
// replaced by putting the new one first and leaving the old one behind it for as
// long as a pass lasts.
//
// The state is bound to a nonce that never leaves page and joingyd, as PKCE (RFC
// 7636, S256) binds a code: whoever sees the address with state and code, in a
// history or a log, gets no pass for it, and nobody can make another's page redeem
// a code of theirs.
package agepass
