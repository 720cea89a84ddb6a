// Package privacy keeps what people ask about their data, until it is answered.
//
//	visitor's form ─┐                  ┌─ access: the operator answers, or refuses
//	operator       ─┴▶ Store: requests ┼─ erase: waits, is begun, is done
//	                    one file each  └─ withdrawn, by who has the receipt
//
// A request names nobody in clear: of whom it is, is a session's number, pseudonyms of
// addresses, and what the log of addresses finds rows by; all of that goes when the
// request has ended, but for what finds once more, for a while, what an erasure deleted and
// a backup has brought back (Merge). It is a journal as well: an erasure is on disk as begun before
// anything is erased, and Pending names it until it has ended.
//
// A Visits signs and reads the receipts of visits, with which somebody shows that a
// session was theirs.
//
// The package knows no other store: who carries an erasure out calls Begin before, and
// End after.
package privacy
