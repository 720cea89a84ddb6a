// Package crowd draws the visitors that the benchmarks of the pools are about: what they
// name, speak and want. Everything follows from the settings and the numbers drawn.
package crowd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// Settings of a crowd.
type Settings struct {
	Zipf  float64 // exponent of the interests' popularity
	Vocab int     // interests that there are
	Most  int     // interests of a visitor: 1 to most, evenly
}

// Standard is the crowd that the figures are about.
func Standard() Settings { return Settings{Zipf: 1, Vocab: 2000, Most: 5} }

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

// Visitor is one person of the crowd.
type Visitor struct {
	ID        ident.Session
	Mode      pool.Mode
	Languages []string
	Interests []int // numbers, ascending
	Named     []pool.Interest
}

// Crowd draws visitors.
type Crowd struct {
	Settings
	random     *rand.Rand
	popularity []float64 // how popular interests are, each added to those before
}

// New makes a crowd whose numbers come from random.
func New(random *rand.Rand, s Settings) *Crowd {
	c := &Crowd{Settings: s, random: random, popularity: make([]float64, s.Vocab)}
	sum := 0.0
	for i := range c.popularity {
		sum += math.Pow(float64(i+1), -s.Zipf)
		c.popularity[i] = sum
	}
	return c
}

// Visitor draws one.
func (c *Crowd) Visitor() *Visitor {
	v := new(Visitor)
	for i := range v.ID {
		v.ID[i] = byte(c.random.Uint32())
	}
	percent := c.random.IntN(100)
	for _, l := range languages {
		if percent -= l.share; percent < 0 {
			v.Languages = l.spoken
			break
		}
	}
	percent = c.random.IntN(100)
	for _, m := range modes {
		if percent -= m.share; percent < 0 {
			v.Mode = m.mode
			break
		}
	}
	for range 1 + c.random.IntN(c.Most) {
		i := sort.SearchFloat64s(c.popularity, c.random.Float64()*c.popularity[len(c.popularity)-1])
		if !slices.Contains(v.Interests, i) {
			v.Interests = append(v.Interests, i)
		}
	}
	slices.Sort(v.Interests)
	for _, i := range v.Interests {
		name := fmt.Sprintf("interest %d", i)
		v.Named = append(v.Named, pool.Interest{Shown: name, Folded: name})
	}
	return v
}
