// Package ask has nodes ask each other: HTTP over the questions of the bus.
//
//	http.Client ─▶ To(node) ── put, put, … ─▶ bus ─▶ Answer ─▶ handler of the service
//	                        ◀── parts ─ get, get, …               (its own goroutine)
//
// A request's host names a service: http://stills/. Requests and answers are written as
// net/http does, and cut in parts of 48 KiB, since a message on the bus has 64 at most, of
// which one is on its way at a time. Whoever asks fetches: while a handler works each fetch is
// told so after 2 s, so a node that dies meanwhile is noticed within 5 s, however long it may
// take to answer. A handler ends when nobody has fetched for 10 s.
//
// A question of the bus is
//
//	byte    1: put, 2: get
//	uint64  the exchange's number, of who asks
//	uint32  put: bytes of the request; get: 0
//	uint32  put: where this part begins; get: from where on the answer is wanted
//	part    put
//
// and its answer is empty (more is to be put, or the handler works), or
//
//	uint32  bytes of the answer
//	part    from where it was wanted on, not empty
//
// with integers that are big-endian. The last put is answered as a get from 0.
//
// All nodes have the cluster's key, and trust each other in what they ask; a service says
// what it does for whom.
package ask
