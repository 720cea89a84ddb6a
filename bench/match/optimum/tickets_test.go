package optimum

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// ticket is a stranger who waits for a partner.
type ticket struct {
	from, to  float64 // seconds
	interests []int   // sorted
}

// tickets arrive at random, rate a second, with 1 to 5 of 2,000 interests whose
// popularity falls as 1/rank. Each waits 30 s, or less if patience of 60 s on
// average runs out.
func tickets(seed uint64, n int, rate float64) []ticket {
	r := rand.New(rand.NewPCG(seed, 4))
	popularity := make([]float64, 2000) // summed
	sum := 0.0
	for i := range popularity {
		sum += 1 / float64(i+1)
		popularity[i] = sum
	}
	list := make([]ticket, n)
	now := 0.0
	for i := range list {
		now += r.ExpFloat64() / rate
		var interests []int
		for range 1 + r.IntN(5) {
			interest, _ := slices.BinarySearch(popularity, r.Float64()*sum)
			interests = append(interests, interest)
		}
		slices.Sort(interests)
		list[i] = ticket{now, now + min(60*r.ExpFloat64(), 30), slices.Compact(interests)}
	}
	return list
}

// pairs are the edges between tickets that wait at the same time and have
// interests in common; they weigh 1000·ln(tickets/tickets with it) for each.
func pairs(list []ticket) (edges []Edge) {
	holders := make(map[int]int)
	for _, t := range list {
		for _, interest := range t.interests {
			holders[interest]++
		}
	}
	idf := func(interest int) int64 {
		return int64(math.Round(1000 * math.Log(float64(len(list))/float64(holders[interest]))))
	}
	waiting := make(map[int][]int32) // by interest, with some who left
	seen := make([]int, len(list))   // the last ticket to be paired with it
	for i, t := range list {
		for _, interest := range t.interests {
			waiting[interest] = slices.DeleteFunc(waiting[interest], func(j int32) bool { return list[j].to < t.from })
			for _, j := range waiting[interest] {
				if seen[j] == i {
					continue
				}
				seen[j] = i
				var weight int64
				for _, common := range list[j].interests {
					if slices.Contains(t.interests, common) {
						weight += idf(common)
					}
				}
				edges = append(edges, Edge{int32(i), j, weight})
			}
			waiting[interest] = append(waiting[interest], int32(i))
		}
	}
	return edges
}

func TestTicketsAreProved(t *testing.T) {
	for _, rate := range []float64{1, 10, 100} {
		edges := pairs(tickets(1, 2000, rate))
		g := newGraph(2000, edges)
		s := newSolver(g, auctionPrices(g))
		s.solve()
		if verify(t, s, edges) == 0 {
			t.Errorf("%v a second: nobody matched over %d edges", rate, len(edges))
		}
	}
}
