package pdq

import (
	"image"
	"slices"
)

// side is that of the small picture from which hash and quality are taken.
const side = 64

// window is how wide a box is that blurs a side of so many pixels: two of them one
// after the other reach as far as a pixel of the small picture. It is
// computeJaroszFilterWindowSize of the reference.
func window(pixels int) int { return (pixels + 2*side - 1) / (2 * side) }

// sample is which of so many pixels the small picture's i-th is: decimateFloat.
func sample(i, pixels int) int { return int((float64(i) + 0.5) * float64(pixels) / side) }

// columns averages each column of rows that come one after the other over a window of
// them, narrower at top and bottom: box1DFloat of the reference along columns, with the
// same sums in the same order.
type columns struct {
	height, window, width int
	sum                   []float32 // of the rows in the window
	kept                  []float32 // those rows: row y is at y%window
	added                 int       // rows so far
	next                  int       // the first row whose average was not returned yet
}

func (c *columns) reset(width, height int) {
	*c = columns{height: height, window: window(height), width: width, sum: c.sum, kept: c.kept}
	c.sum = zeroed(c.sum, width)
	c.kept = zeroed(c.kept, width*c.window)
}

// ahead is how many rows below a row are in its window.
func (c *columns) ahead() int { return (c.window+2)/2 - 1 }

// add takes the next row. It writes to out what is then known: the average for row
// added-1-ahead, and tells whether there is one.
func (c *columns) add(row, out []float32) bool {
	y := c.added
	c.added++
	old := c.kept[y%c.window*c.width:][:c.width]
	sum, row := c.sum[:c.width], row[:c.width]
	full := y >= c.window
	if y < c.ahead() {
		for x, v := range row {
			sum[x] += v
			old[x] = v
		}
		return false
	}
	count := float32(min(y+1, c.window))
	out = out[:c.width]
	for x, v := range row {
		s := sum[x] + v
		if full {
			s -= old[x]
		}
		old[x] = v
		sum[x] = s
		out[x] = s / count
	}
	return true
}

// end writes the average for one of the last rows, which have fewer below them. It is
// for calling ahead times, after the last row.
func (c *columns) end(out []float32) {
	y := c.added
	c.added++
	old := c.kept[y%c.window*c.width:][:c.width]
	count := float32(c.window - (y - c.height + 1))
	for x := range out[:c.width] {
		c.sum[x] -= old[x]
		out[x] = c.sum[x] / count
	}
}

// along averages the values of a row over a window of them: box1DFloat along rows.
func along(in, out []float32, window int) {
	n, ahead := len(in), (window+2)/2-1
	out = out[:n]
	var sum float32
	for _, v := range in[:ahead] {
		sum += v
	}
	x := 0
	for ; x+ahead < window; x++ {
		sum += in[x+ahead]
		out[x] = sum / float32(x+ahead+1)
	}
	count := float32(window)
	for right, left := in[x+ahead:], in; len(right) > 0; x, right, left = x+1, right[1:], left[1:] {
		sum += right[0]
		sum -= left[0]
		out[x] = sum / count
	}
	for ; x < n; x++ {
		sum -= in[x+ahead-window]
		count--
		out[x] = sum / count
	}
}

func zeroed(s []float32, n int) []float32 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// scratch is what hashing a picture needs besides it: memory for a few rows, whatever
// its height.
type scratch struct {
	row, blurred  []float32
	first, second columns // the two passes along columns
	small         [side][side]float32
	half          [frequencies][side]float32
	waves         [frequencies][frequencies]float32
	sorted        [frequencies * frequencies]float32
}

// shrink makes the small picture: two passes along rows and two along columns, of which
// the last are followed where the small picture has a pixel only. Both sides of the
// picture are 5 pixels or more.
func (s *scratch) shrink(img image.Image) {
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	s.row, s.blurred = zeroed(s.row, width), zeroed(s.blurred, width)
	if width == side && height == side {
		for y := range side {
			luma(s.small[y][:], img, y)
		}
		return
	}
	s.first.reset(width, height)
	s.second.reset(side, height)
	for y := range height {
		luma(s.row, img, y)
		along(s.row, s.blurred, window(width))
		if s.first.add(s.blurred, s.row) {
			s.again()
		}
	}
	for range s.first.ahead() {
		s.first.end(s.row)
		s.again()
	}
	var line [side]float32
	for range s.second.ahead() {
		s.second.end(line[:])
		s.put(&line)
	}
}

// again blurs what is in row once more, and puts a row of the small picture where that
// is one.
func (s *scratch) again() {
	width := len(s.row)
	along(s.row, s.blurred, window(width))
	var picked, line [side]float32
	for i := range picked {
		picked[i] = s.blurred[sample(i, width)]
	}
	if s.second.add(picked[:], line[:]) {
		s.put(&line)
	}
}

// put keeps the next row, blurred for good, for each row of the small picture that is
// made of it.
func (s *scratch) put(line *[side]float32) {
	y, height := s.second.next, s.second.height
	s.second.next++
	for i := y * side / height; i < side && sample(i, height) <= y; i++ {
		if sample(i, height) == y {
			s.small[i] = *line
		}
	}
}
