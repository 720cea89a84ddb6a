package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// settings of a trace. Everything about it follows from them.
type settings struct {
	tickets int
	rate    float64       // arrivals a second (Poisson)
	leave   time.Duration // how long they stay in line, on average (exponential)
	zipf    float64       // exponent of the interests' popularity
	vocab   int           // interests that there are
	most    int           // interests of a visitor: 1 to most, evenly
	finds   int           // times that a visitor searches, on average
	seed    uint64
}

// standard is the crowd that the figures are about.
func standard(tickets int, rate float64) settings {
	return settings{tickets: tickets, rate: rate, leave: 3 * time.Minute, zipf: 1, vocab: 2000, most: 5, finds: 3, seed: 20261124}
}

// languages and modes, and how many visitors of a hundred have them.
var (
	languages = []struct {
		spoken []string
		share  int
	}{
		{[]string{"en"}, 45}, {[]string{"es"}, 15}, {[]string{"es", "en"}, 10}, {[]string{"de", "en"}, 10},
		{[]string{"fr"}, 8}, {[]string{"pt"}, 7}, {[]string{"ja"}, 4}, {nil, 1},
	}
	modes = []struct {
		mode  pool.Mode
		share int
	}{{pool.Video, 70}, {pool.Text, 30}}
)

// visitor is one person of the crowd.
type visitor struct {
	id        ident.Session
	mode      pool.Mode
	languages []string
	interests []int // numbers, ascending
	named     []pool.Interest
}

// arrival is one search of a visitor.
type arrival struct {
	visitor  *visitor
	at       time.Duration // since the trace began
	leaves   time.Duration // if nobody was found by then
	alone    bool          // nobody whom it could meet is there in its time
	interest float64       // rarity of its rarest interest, in nats
}

// trace is what happens to a matchmaker.
type trace struct {
	settings
	arrivals []arrival // in order
	weights  []float64 // −ln of the share of arrivals that name an interest, by number
}

// newTrace draws a trace. Visitors come, search, chat for a while elsewhere, and search again;
// when does not depend on who is found, so that every matchmaker gets the same.
func newTrace(s settings) *trace {
	random := rand.New(rand.NewPCG(s.seed, 1))
	t := &trace{settings: s}
	popularity := zipf(s)
	now := 0.0
	for len(t.arrivals) < s.tickets*5/4 {
		now += random.ExpFloat64() * float64(s.finds) / s.rate
		v := newVisitor(random, s, popularity)
		at := time.Duration(now * float64(time.Second))
		for {
			a := arrival{visitor: v, at: at, leaves: at + time.Duration(random.ExpFloat64()*float64(s.leave))}
			t.arrivals = append(t.arrivals, a)
			if random.IntN(s.finds) == 0 {
				break
			}
			at = a.leaves + time.Duration(random.ExpFloat64()*float64(time.Minute))
		}
	}
	slices.SortStableFunc(t.arrivals, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	t.arrivals = t.arrivals[:s.tickets]
	t.weigh()
	return t
}

// zipf returns how popular interests are, each added to those before.
func zipf(s settings) []float64 {
	popularity := make([]float64, s.vocab)
	sum := 0.0
	for i := range popularity {
		sum += math.Pow(float64(i+1), -s.zipf)
		popularity[i] = sum
	}
	return popularity
}

func newVisitor(random *rand.Rand, s settings, popularity []float64) *visitor {
	v := new(visitor)
	for i := range v.id {
		v.id[i] = byte(random.Uint32())
	}
	percent := random.IntN(100)
	for _, l := range languages {
		if percent -= l.share; percent < 0 {
			v.languages = l.spoken
			break
		}
	}
	percent = random.IntN(100)
	for _, m := range modes {
		if percent -= m.share; percent < 0 {
			v.mode = m.mode
			break
		}
	}
	for range 1 + random.IntN(s.most) {
		i := sort.SearchFloat64s(popularity, random.Float64()*popularity[len(popularity)-1])
		if !slices.Contains(v.interests, i) {
			v.interests = append(v.interests, i)
		}
	}
	slices.Sort(v.interests)
	for _, i := range v.interests {
		name := fmt.Sprintf("interest %d", i)
		v.named = append(v.named, pool.Interest{Shown: name, Folded: name})
	}
	return v
}

func (t *trace) weigh() {
	counts := make([]int, t.vocab)
	for _, a := range t.arrivals {
		for _, i := range a.visitor.interests {
			counts[i]++
		}
	}
	t.weights = make([]float64, t.vocab)
	for i, n := range counts {
		if n > 0 {
			t.weights[i] = math.Log(float64(len(t.arrivals)) / float64(n))
		}
	}
	for i := range t.arrivals {
		a := &t.arrivals[i]
		for _, n := range a.visitor.interests {
			a.interest = max(a.interest, t.weights[n])
		}
	}
}

// mayMeet reports whether a gate lets both in, and they are two.
func mayMeet(a, b *visitor) bool {
	if a == b || a.mode != b.mode {
		return false
	}
	if len(a.languages) == 0 || len(b.languages) == 0 {
		return true
	}
	return slices.ContainsFunc(a.languages, func(l string) bool { return slices.Contains(b.languages, l) })
}

// weight is what a pair of the two is worth.
func (t *trace) weight(a, b *visitor) (sum float64) {
	for i, j := 0, 0; i < len(a.interests) && j < len(b.interests); {
		switch c := cmp.Compare(a.interests[i], b.interests[j]); {
		case c == 0:
			sum += t.weights[a.interests[i]]
			i++
			j++
		case c < 0:
			i++
		default:
			j++
		}
	}
	return sum
}
