//go:build !race

package ban_test

import (
	"math/rand/v2"
	"slices"
)

const sector = 512 // what a disk writes whole or not at all

// subsets returns every subset of a list, which is short.
func subsets(list []effect) (all [][]effect) {
	for bits := range 1 << len(list) {
		var some []effect
		for i, e := range list {
			if bits>>i&1 == 1 {
				some = append(some, e)
			}
		}
		all = append(all, some)
	}
	return all
}

// torn splits writes into sectors.
func torn(list []effect) (pieces []effect) {
	for _, e := range list {
		for e.isWrite() && len(e.data) > sector-e.offset%sector {
			piece := e
			piece.data = e.data[:sector-e.offset%sector]
			pieces = append(pieces, piece)
			e.data, e.offset = e.data[len(piece.data):], e.offset+len(piece.data)
		}
		pieces = append(pieces, e)
	}
	return pieces
}

// outcomes returns what may be on the disk of the effects that may be: every
// subset of their pieces if there are few. Otherwise every subset of whole ones,
// or every beginning if those are many as well, all of them with one of the last
// torn at the usual places, and random subsets of the pieces in a random order.
func (r *replay) outcomes(maybe []effect, random *rand.Rand) (all [][]effect) {
	pieces := torn(maybe)
	if len(pieces) <= r.few {
		return subsets(pieces)
	}
	if len(maybe) <= r.few {
		all = subsets(maybe)
	} else {
		for n := range len(maybe) + 1 {
			all = append(all, maybe[:n])
		}
	}
	for i := max(0, len(maybe)-2*r.few); i < len(maybe); i++ {
		parts := torn(maybe[i : i+1])
		for _, some := range [][]effect{parts[:1], parts[:len(parts)/2], parts[len(parts)/2:], parts[1:]} {
			all = append(all, slices.Concat(maybe[:i], some, maybe[i+1:]))
		}
	}
	for range r.samples {
		all = append(all, someOf(pieces, random))
	}
	return all
}

// someOf returns a random subset: names and sizes in their order, writes in any.
func someOf(pieces []effect, random *rand.Rand) []effect {
	likely := random.Float64()
	var ordered, writes []effect
	for _, e := range pieces {
		switch {
		case random.Float64() > likely:
		case e.isWrite():
			writes = append(writes, e)
		default:
			ordered = append(ordered, e)
		}
	}
	random.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
	return append(ordered, writes...)
}
