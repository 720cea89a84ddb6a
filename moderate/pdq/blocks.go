package pdq

import "iter"

// blocks finds the hashes that may be near one: multi-index hashing (Norouzi, Punjani
// and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012;
// README-MIH.md of the reference). A hash is 16 blocks of 16 bits. Two that differ in
// 31 bits or fewer differ in one bit or none in one block at least, so it is enough to
// look at the hashes that have in some block one of 17 values.
type blocks [blockCount]block

const (
	blockCount  = 16
	blockBits   = hashBits / blockCount
	blockValues = 1 << blockBits
)

// A block may differ in one bit: this fails to compile if that is not enough.
const _ = uint(2*blockCount - 1 - MaxDistance)

// block lists the hashes with each value of one block: those with the value v are
// places[starts[v]:starts[v+1]].
type block struct {
	starts []uint32
	places []uint32
}

// value returns the i-th block of a hash.
func value(h Hash, i int) uint16 { return uint16(h[i/4] >> (48 - i%4*blockBits)) }

func newBlocks(hashes []Hash) *blocks {
	b := new(blocks)
	for i := range b {
		starts := make([]uint32, blockValues+1)
		for _, h := range hashes {
			starts[int(value(h, i))+1]++
		}
		for v := range blockValues {
			starts[v+1] += starts[v]
		}
		places := make([]uint32, len(hashes))
		for place, h := range hashes {
			v := value(h, i)
			places[starts[v]] = uint32(place) // and starts[v] becomes the end of v
			starts[v]++
		}
		copy(starts[1:], starts) // the end of one value is the start of the next
		starts[0] = 0
		b[i] = block{starts, places}
	}
	return b
}

// near yields the places of all hashes that differ in MaxDistance bits or fewer from
// h, among others, and some of them several times.
func (b *blocks) near(h Hash) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range b {
			v := value(h, i)
			for flip := range blockBits + 1 {
				at := int(v ^ uint16(1<<flip)) // by 1<<16, which is 0, the value itself
				for _, place := range b[i].places[b[i].starts[at]:b[i].starts[at+1]] {
					if !yield(place) {
						return
					}
				}
			}
		}
	}
}
