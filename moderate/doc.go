// Package moderate is what becomes of reports: cases, which people judge.
//
//	report ─┐                      ┌─ a person decides: dismiss, warn, end, ban;
//	flag  ──┴▶ case of a session ──┤  of an appeal: uphold, lift
//	appeal ──▶ case of its own   ──┤
//	           gravest, oldest first└─ or nobody does, and it expires
//
// A case is about one visitor's session. It holds no address and nothing that was
// said: addresses are there as pseudonyms, by which they can be banned, and what was
// said and seen is evidence, which is sealed for the moderators or, if none has a
// key, held in memory only.
//
// The package knows neither the matchmaker nor the ban store: whoever puts it to use
// hands it reports and carries its decisions out.
package moderate
