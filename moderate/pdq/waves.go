package pdq

import (
	"math"
	"slices"
)

// frequencies is how many are kept of each direction: 1 to 16, without the 0th,
// which is how bright the picture is.
const frequencies = 16

// cosines is the matrix of the discrete cosine transform, dct_matrix_64.
var cosines = func() (m [frequencies][side]float32) {
	scale := float32(math.Sqrt(2.0 / side))
	for i := range m {
		for j := range m[i] {
			m[i][j] = float32(float64(scale) * math.Cos(math.Pi/2/side*float64(i+1)*float64(2*j+1)))
		}
	}
	return m
}()

// transform finds the frequencies of the small picture: dct64To16.
func (s *scratch) transform() {
	for i := range s.half {
		sums := &s.half[i]
		clear(sums[:])
		for k, c := range cosines[i] {
			for j, v := range s.small[k] {
				sums[j] += float32(c * v)
			}
		}
	}
	for i := range s.waves {
		for j := range s.waves[i] {
			var sum float32
			for k, v := range s.half[i] {
				sum += float32(v * cosines[j][k])
			}
			s.waves[i][j] = sum
		}
	}
}

// quality tells how much there is to see in the small picture, 0 to 100: the steps
// between its pixels, without those too small to matter. It is
// pdqImageDomainQualityMetric.
func (s *scratch) quality() int {
	steps := 0
	step := func(a, b float32) {
		d := int((a - b) * 100 / 255)
		steps += max(d, -d)
	}
	for y := range side {
		for x := range side {
			if y+1 < side {
				step(s.small[y][x], s.small[y+1][x])
			}
			if x+1 < side {
				step(s.small[y][x], s.small[y][x+1])
			}
		}
	}
	return min(steps/90, 100)
}

// hash sets the bits of the frequencies that are stronger than half of them, as at
// gives them: pdqBuffer16x16ToBits.
func (s *scratch) hash(at func(i, j int) float32) (h Hash) {
	for i := range frequencies {
		for j := range frequencies {
			s.sorted[i*frequencies+j] = at(i, j)
		}
	}
	values := s.sorted
	slices.Sort(s.sorted[:])
	median := s.sorted[len(s.sorted)/2-1]
	for bit, v := range values {
		if v > median {
			h.set(bit)
		}
	}
	return h
}
