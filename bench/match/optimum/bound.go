package optimum

// UpperBound is a weight that no matching of a graph of n vertices exceeds. It
// takes less time than [Matching], not less memory; it is what prices for
// vertices alone can prove, which on graphs of tickets is within 2 % of the
// best, and on graphs of nothing but triangles half as much again. Edges count
// as they do for Matching.
func UpperBound(n int, edges []Edge) int64 {
	return sum(auctionPrices(newGraph(n, edges))) / 2
}

// heaviestEdges weighs each vertex's heaviest edge. As prices, these pay for
// every edge.
func heaviestEdges(g *graph) []int64 {
	price := make([]int64, g.vertices())
	for v := range price {
		_, weight := g.arcs(int32(v))
		for _, w := range weight {
			price[v] = max(price[v], w)
		}
	}
	return price
}

// lower takes off prices, one by one, what no edge needs.
func lower(g *graph, price []int64) {
	for v := range price {
		to, weight := g.arcs(int32(v))
		price[v] = 0
		for i := range to {
			price[v] = max(price[v], 2*weight[i]-price[to[i]])
		}
	}
}

func sum(list []int64) (total int64) {
	for _, x := range list {
		total += x
	}
	return total
}
