// Package quota counts what the relay carries in a calendar month, for who pays by
// traffic, and tells when a month's limit is reached and when it no longer is.
//
//	Options.Relayed ─ every 5 s, and when somebody asks ─▶ bytes of this month ─▶ month.json, once a minute and at the end
//	                                                       │
//	                          limit × 80 % ─▶ a warning    │
//	                          limit        ─▶ a warning, Options.Closed(end of the month)
//
// # The clock
//
// A month is one of UTC. The figure of a month is found again by its name, so that a clock
// that is set across the end of a month, and back, loses nothing: each byte counts in the
// month that the clock showed when it was counted. A few months are kept, so that a machine
// that starts in 1970 or in 2037 for a while has not forgotten the present one.
//
// # Crashes
//
// The file is written whole or not at all; a process that is killed loses a minute at most.
// A file that cannot be read is set aside, and counting starts anew: a counter is no reason
// not to start. Nothing in it is of a person.
package quota
