// Package relay lets a session's TURN relay be on another node than its home, the node
// whose matchmaker holds it. Relays share nothing: a session is at one of them, and a
// pair's two are at the same.
//
//	matchmaker ─▶ Home ─┬─ Host ─▶ relay of this node
//	                    └─ bus ─▶ Host ─▶ relay of another node
//
// A Home is what the matchmaker has for a relay. It chooses where a session goes, makes
// the credentials for relays elsewhere itself (KeysOf), and answers at once what it is
// asked, from what their Hosts have told. A Host carries out at its relay what Homes say,
// the one of its own node among them.
//
// # What is said
//
// A Home says each change as it happens: admit, dismiss, close, join, part. Each second it
// says renew, with a digest of all that it has at the relay. If that is what the Host has
// of this Home, all its pairs last for another Lease; else the Host asks for the whole,
// which replaces what it had. So whatever is lost is noticed within a second, whole or
// not, and nothing is said twice but then. The Home also tells the whole when the bus
// tells it of a gap, since what a Host said may have been lost as well: a Host answers
// with the allocations of all its sessions.
//
// A Host tells when a session's allocations change, and its relay's clock, by which
// credentials have to end.
//
// # What ends by itself
//
// The relay ends the grant of a pair that was not renewed for Lease, whatever becomes of
// the Host: the pair is suspended, and goes on where it was if its Home comes back. A Home
// that was not heard of for Patience is gone: its sessions are dismissed. A session that
// the relay has from its credentials alone ends within 10 s. While a Host hears nobody at all
// (HostOptions.Deaf) none of that is a Home's fault, and what was renewed until then lasts.
//
// A relay that is gone, or closes, takes no pair with it: the Home moves its sessions to
// another (Rehouse), and their clients are told.
//
// A session may have two Homes for a moment, when it moves. The later word counts: who
// admits it last, or joins it, has it until it lets go. What another has said before does
// nothing meanwhile, also not when it is said again as part of the whole.
package relay
