// Package audit keeps the record of who saw, decided and exported what: lines that
// are only ever appended, each bound to the one before by a hash.
//
//	Append ──► queue ──► one write, one fsync for all who wait ──► audit-2026-11.jsonl
//	                                                                     │
//	ExportHead ──► heads file, kept elsewhere ──► Verify ◄───────────────┘
//
// # Format
//
// A directory with one file a month, mode 0600. A line is a JSON object, an
// [Entry]:
//
//	{"seq":7,"at":"2026-11-29T07:43:44Z","by":"mod:anna","did":"report.decide","on":"r4k2","details":{"verdict":"ban"},"prev":"…","hash":"…"}
//
// hash is the last field. It is the SHA-256, in lower-case hexadecimal, of the
// bytes of the line that come before `,"hash"`, and these hold prev, the hash of
// the entry before; that of the first is 64 zeros. So there is one way to check a
// line, and no canonical form of JSON to agree on:
//
//	sed -n '7{s/,"hash":"[0-9a-f]*"}$//;p}' audit-2026-11.jsonl | tr -d '\n' | sha256sum
//
// Numbers and hashes go on from one file to the next. An entry is in the file of
// the month of its time, unless the clock went back: no file is written again once
// there is a later one.
//
// # What it shows, and what it does not
//
// A changed, moved, inserted or missing line breaks the chain. Whoever can write
// the files can still write the whole chain anew, or cut off its end: that shows
// only against heads that were exported before, to a place that they cannot write.
// What happens between two exports is as safe as the machine.
//
// Details are for what a decision was, not for persons: an entry outlives what it
// is about, so callers put no addresses, no names of visitors and no chat in it.
//
// # Crashes
//
// When Append returns, the entry is on disk. A crash during a write leaves a torn
// last line, which nobody was told is recorded: Open cuts it off, says so in the
// log and in an entry audit.repaired. Anything else that does not verify is left
// as it is, and told by [Log.Damage].
package audit
