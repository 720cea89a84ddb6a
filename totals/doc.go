// Package totals counts visits in a few coarse ways, by day, and keeps the figures without
// end. They name nobody, and cannot be put together to one.
//
//	headers ──► KindOf ──► Kind: a system, a browser, a kind of device      (closed sets)
//	                        │
//	Came(Kind, language) ───┴─► batch of 5 ──► figures of today ──► 2026-11-29.json, once a minute
//	Left(stayed) ─────────────► batch of 5 ──┘        └──────────► Since, for metrics
//	Chatted(mode), Options.Relayed ──────────┘
//
// # What keeps the figures coarse
//
//   - A header is reduced to three words of closed sets as soon as it was read, and a
//     language to one of some 40. What fits none is "other".
//   - Each is a counter of its own. There is no counter of a combination: of Linux and
//     Firefox and Dutch there may be one visitor.
//   - The counters of one visit would be a combination all the same, for who looks before
//     and after it. So they move only when five visits have come that were not counted yet,
//     by all five at once, in the file as in the metrics. What waits is in memory; up to
//     four visits stay uncounted there at the end. Visits, chats and bytes are exact.
//   - An address never comes near: no function here takes one.
//
// # Crashes
//
// The file of a day is written anew once a minute and at the end, whole or not at all. A
// process that is killed loses the figures of a minute at most, and what waited for a batch.
package totals
