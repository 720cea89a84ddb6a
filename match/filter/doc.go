// Package filter decides what becomes of a line of chat: it is delivered, it is
// delivered with parts of it masked, or it is rejected.
//
//	line ── fold ── find links, contact handles, words ──┬─ fingerprints: said in too many chats?
//	                                                     └─ policies: allow, mask, reject
//	                                                        └─ strikes: mute, then ban
//
// Folding brings spellings together: case, width, marks, letters that look alike
// (UTS #39), letters written apart. Finding is meant to leave honest talk alone:
// where a line might be either, it passes, and what is spam nonetheless is said
// again and again, which the fingerprints count.
//
// Nothing of a line is kept but keyed fingerprints of it, for 10 minutes and in
// memory. Filters of one site count those in common (Common). Nothing is logged. Time comes in with each line, so the same lines get
// the same verdicts.
package filter
