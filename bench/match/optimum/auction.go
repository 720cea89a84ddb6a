package optimum

// auctionPrices are prices that pay for every edge and cost little more than
// they must while odd sets have none. An auction finds them:
//
//	D. Bertsekas, A distributed algorithm for the assignment problem, 1979.
//
// Each vertex goes to it twice, as a bidder and as an item. What an item is
// worth to a bidder is the weight of their edge; what is left of that after the
// item's price is the bidder's gain. Bidders bid one by one for the item that
// they gain most by, until all hold one or would gain nothing. A vertex's price
// is what was bid for it and what it gains.
func auctionPrices(g *graph) []int64 {
	n := g.vertices()
	a := auction{graph: g, price: make([]int64, n), holder: make([]int32, n), raise: raise(g)}
	for v := range a.holder {
		a.holder[v] = none
	}
	for v := range a.holder {
		for bidder := int32(v); bidder != none; {
			bidder = a.bid(bidder)
		}
	}
	price := make([]int64, n)
	for v := range price {
		_, gain, _ := a.best(int32(v))
		price[v] = a.price[v] + gain
	}
	lower(g, price)
	return price
}

// bidsEach is how many bids vertices receive on average at most. An item gets
// none once its price is above its heaviest edge, so the average of these edges
// gives the raise. More bids leave less to search for, and take more time.
const bidsEach = 256

// raise is by how much at least a bid must exceed the last. It is also how much
// less than the most a bidder may gain in the end, so prices cost at most that
// much for each vertex more than they must.
func raise(g *graph) int64 {
	return 1 + sum(heaviestEdges(g))/int64(1+g.vertices()*bidsEach)
}

type auction struct {
	graph  *graph
	price  []int64 // by item
	holder []int32 // by item: who bid last, or none
	raise  int64
}

// bid makes a bidder hold the item that it gains most by, if any. The price
// rises so far that the next best item would be better by the raise. It returns
// who held the item before, or none.
func (a *auction) bid(bidder int32) (outbid int32) {
	item, gain, next := a.best(bidder)
	if item == none {
		return none
	}
	a.price[item] += gain - next + a.raise
	outbid, a.holder[item] = a.holder[item], bidder
	return outbid
}

// best is the item that a bidder gains most by, none if it gains by none, with
// that gain and the gain by the next best.
func (a *auction) best(bidder int32) (item int32, gain, next int64) {
	item = none
	to, weight := a.graph.arcs(bidder)
	for i, v := range to {
		switch g := weight[i] - a.price[v]; {
		case g > gain:
			item, gain, next = v, g, gain
		case g > next:
			next = g
		}
	}
	return item, gain, next
}
