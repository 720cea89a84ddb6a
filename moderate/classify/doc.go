// Package classify asks an image classifier over HTTP (docs/classifier.md) what a
// picture shows, and never lets it hold anyone up or be believed blindly.
//
//	Classify ── breaker ── queue ── slot ── ask ─┬─ answer, checked ──▶ Verdict
//	               │         │               └─ again, once
//	          ErrResting  ErrBusy
//
// A call runs in its caller's goroutine and ends within Options.Timeout, whatever
// the classifier does. More calls than Concurrency wait in a queue with a bound, and
// those that find it full are dropped at once. A classifier that fails again and
// again is left alone for a while, then asked once. An answer is small, and follows
// every rule of the contract, or it is a failure.
//
// The image is the caller's: after Classify has returned nothing reads it any more.
// Nothing is kept of it or logged.
package classify
