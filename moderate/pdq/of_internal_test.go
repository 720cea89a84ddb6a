package pdq

import (
	"fmt"
	"image"
	"strings"
	"testing"
)

func TestNothingOfAPictureIsLeft(t *testing.T) {
	for _, size := range []image.Point{{320, 240}, {64, 64}} {
		img := image.NewGray(image.Rectangle{Max: size})
		for i := range img.Pix {
			img.Pix[i] = byte(i*i/7) | 1
		}
		var used *scratch
		with(img, func(s *scratch) {
			used = s
			if s.small[0][0] == 0 || s.waves[0][0] == 0 {
				t.Error("the picture is not there")
			}
			s.hash(func(i, j int) float32 { return s.waves[i][j] })
		})
		all := fmt.Sprint(used.row, used.blurred, used.first.sum, used.first.kept, used.second.sum, used.second.kept, used.small, used.half, used.waves, used.sorted)
		if rest := strings.Trim(all, "[]0 "); rest != "" {
			t.Errorf("%v: there is yet: %.80q", size, rest)
		}
	}
}
