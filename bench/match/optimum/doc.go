// Package optimum computes what the best matchmaker could have done with
// hindsight: the maximum-weight matching of a graph whose vertices are tickets
// and whose edges are the pairs that could have met.
//
// [Matching] is exact. It is the primal-dual blossom algorithm of
//
//	J. Edmonds, Maximum matching and a polyhedron with 0,1-vertices, 1965;
//	Z. Galil, Efficient algorithms for finding maximum matching in graphs,
//	ACM Computing Surveys 18(1), 1986.
//
// The dual of the matching problem gives each vertex v a price u(v) ≥ 0 and
// each odd set B of vertices a price z(B) ≥ 0, such that every edge is paid
// for: its slack u(a) + u(b) − 2·weight, plus z of the sets that hold both
// ends, is at least 0. (Prices are doubled, so they stay integers.) Any such
// prices bound the weight of any matching:
//
//	2·weight ≤ Σ u(v) + Σ z(B)·(|B|−1)/2
//
// The algorithm keeps a matching and feasible prices for which all that stands
// between the two sides is free vertices with a price; an auction finds prices
// to start with that leave few of these. It takes them one by one and searches
// for a path along which to match each, or to leave free another that has no
// price; prices change meanwhile as little as lets the search go on. When none
// is left the two sides are equal, which proves that the matching is best; the
// tests check results by this proof.
package optimum
