// Package evidence keeps what a report shows so that moderators can read it and the
// server cannot.
//
//	parts ──► Seal ──► age, to the moderators' public keys ──► CASE.TIME.ID.age, mode 0600
//	                                                                │ Read
//	                     Open, on the moderator's own machine ◄─────┘
//
// A [Store] has public keys only. What opens a file is a function apart, [Open],
// for the moderator's command line; a browser can do the same. Without a recipient
// nothing is kept: there is no file in clear, not even for a moment, and what was
// made in memory to be sealed is cleared, as far as Go lets one: encryption works in
// buffers of its own, of which the collector may have made copies.
//
// # Format
//
// A file is a binary age file (age-encryption.org/v1) whose plaintext is one JSON
// document:
//
//	{"version":1,"case":"r4k2","at":"2026-11-29T07:43:44Z","parts":[
//	  {"name":"still","type":"image/jpeg","at":"2026-11-29T07:43:40Z","data":"base64, padded"},
//	  {"name":"chat","type":"text/plain","at":"2026-11-29T07:43:44Z","text":"…"}]}
//
// A part has either data or text. Readers ignore fields that they do not know; what
// would be misread gets another version.
//
// Recipients are X25519 (age1…) or hybrid, ML-KEM-768 with X25519 (age1pq1…), which
// also keeps them from whoever copies files now and has a quantum computer later.
// All of a store are of one kind, since the weakest decides. X25519 is opened by every
// release of age and by npm's age-encryption (typage); hybrid by age from 1.3.0 and
// age-encryption from 0.3.0. Plugins and SSH keys are not allowed: the one would run
// programs, the other is not for a browser.
//
// # Limits
//
// See MaxParts, MaxPart, MaxFile, and Options.MaxBytes for the whole store. Where
// there is no room, Seal refuses and nothing that is kept makes way: evidence ends
// when its case does, by Delete or Sweep. A case on hold stays ([Store.Hold]).
package evidence
