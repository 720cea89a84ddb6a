// Package legalhold keeps what there is about one session or one address beyond its time,
// because an authority has said that it will ask for it: the rows of the IP log, those to
// come among them, and every case.
//
//	Make ──► file: incomplete ──► Rows.Hold ──► Cases.Hold, each ──► file: complete
//	Release ──► file: ending ──► Cases.Release, each ──► Rows.Release ──► file: gone
//
// One number stands for both. The file comes first and last, so that Complete, at the
// start, finishes what a process that was killed has begun: a hold whose rows are held gets
// its cases; one of an address whose rows are not, and which therefore never was
// answered, goes, since nobody knows the address any more.
package legalhold
