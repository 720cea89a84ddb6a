// Command bench-match measures the matchmaker's pool: how well it pairs beside what
// hindsight would have done, and what an arrival costs where many wait. make bench-match
// runs it; docs/benchmarks.md has the figures.
//
//	trace ──▶ play ──▶ pairs ──▶ judge ──▶ tables, plot
//	  └─────▶ optimum (exact, offline) ──────▲
package main
