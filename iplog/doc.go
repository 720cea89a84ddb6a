// Package iplog keeps from where visits came, so that the operator can answer who has a
// right to ask, and the server itself cannot read it.
//
//	Event ──► Add ──► queue ──► Run: sealed, tagged ──► 2026-11-29.rows ──► Find ──► sealed rows
//	                                                    2026-11-29.key       for who has the private key
//
// # What is in a row
//
// A row is a line of JSON with the minute, two tags, and the event sealed to the operator's
// public key by a function that the caller gives. A tag is an HMAC-SHA-256 (RFC 2104), cut
// to 16 bytes, under the key of the day: of the visitor's address (IPv6: its /64), and of
// the session. Who knows an address and asks the server finds its rows; who only has the
// file sees neither addresses nor which rows of two days belong to one visitor. IPv4 is
// small enough that who has file and key can try every address: the tags are for finding
// and the seal is for secrecy, and both end when the day's key is destroyed.
//
// # How it ends
//
// After Options.Days the key of a day is overwritten and removed, and then its rows
// (Forget). What the disk's own layers may keep of an overwritten block is beyond a program;
// of the rows that is sealed. Erase takes the rows of one address or session out of every
// day. A Hold copies the rows of one to a file of its own, and those to come, where neither
// Forget nor Erase touches them.
//
// # Crashes
//
// Rows are written and synced once a second: what was added in the last second of a
// process that is killed is lost, as is what the queue had no room for (Stats.Dropped). A
// torn last line is cut off at the next start; an erasure that was begun is completed.
package iplog
