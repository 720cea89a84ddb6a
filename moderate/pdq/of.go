package pdq

import (
	"image"
	"sync"
)

// minSide is the least width and height of a picture that has a hash:
// MIN_HASHABLE_DIM of the reference.
const minSide = 5

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Of returns the hash of a picture and its quality, 0 to 100; both are zero for one of
// less than 5 pixels a side. The time it takes grows with the number of pixels, the
// memory with the width. It may be called at the same time.
func Of(img image.Image) (h Hash, quality int) {
	with(img, func(s *scratch) {
		h, quality = s.hash(func(i, j int) float32 { return s.waves[i][j] }), s.quality()
	})
	return h, quality
}

// Turns is how many hashes [Turned] returns.
const Turns = 8

// Turned returns the hashes of a picture as it is, turned counterclockwise by 90, 180
// and 270 degrees, upside down, mirrored, and mirrored along the diagonals from the
// upper left and from the upper right: the reference's dihedral hashes, in its order.
// They are reckoned from the frequencies, and may differ by some bits from those of
// pictures so turned. It costs little more than Of.
func Turned(img image.Image) (hashes [Turns]Hash, quality int) {
	with(img, func(s *scratch) {
		for i, at := range s.turns() {
			hashes[i] = s.hash(at)
		}
		quality = s.quality()
	})
	return hashes, quality
}

// turns gives the frequencies of the turned pictures: turning by a right angle swaps
// the directions, and the other way round a direction, each second frequency has the
// other sign.
func (s *scratch) turns() [Turns]func(i, j int) float32 {
	negate := func(v float32, when bool) float32 {
		if when {
			return -v
		}
		return v
	}
	w := &s.waves
	return [Turns]func(i, j int) float32{
		func(i, j int) float32 { return w[i][j] },
		func(i, j int) float32 { return negate(w[j][i], i%2 == 0) },
		func(i, j int) float32 { return negate(w[i][j], (i+j)%2 == 1) },
		func(i, j int) float32 { return negate(w[j][i], j%2 == 0) },
		func(i, j int) float32 { return negate(w[i][j], i%2 == 0) },
		func(i, j int) float32 { return negate(w[i][j], j%2 == 0) },
		func(i, j int) float32 { return w[j][i] },
		func(i, j int) float32 { return negate(w[j][i], (i+j)%2 == 1) },
	}
}

// with calls do when the small picture and its frequencies are there. It does not where
// the picture is too small.
func with(img image.Image, do func(*scratch)) {
	if size := img.Bounds().Size(); size.X < minSide || size.Y < minSide {
		return
	}
	s := scratches.Get().(*scratch)
	defer s.release()
	s.shrink(img)
	s.transform()
	do(s)
}

// release gives the scratch back. Nothing of the picture stays in it.
func (s *scratch) release() {
	for _, rows := range [][]float32{s.row, s.blurred, s.first.sum, s.first.kept, s.second.sum, s.second.kept} {
		clear(rows)
	}
	clear(s.small[:])
	clear(s.half[:])
	clear(s.waves[:])
	clear(s.sorted[:])
	scratches.Put(s)
}
