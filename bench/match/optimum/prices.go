package optimum

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
