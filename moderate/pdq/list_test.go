package pdq_test

import (
	"fmt"
	"image"
	"image/draw"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/joingyd/joingyd/moderate/pdq"
)

// random returns a hash with 128 bits set, as pictures have.
func random(r *rand.Rand) (h pdq.Hash) {
	h = pdq.Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
	for h.Distance(pdq.Hash{}) != 128 {
		flip(&h, r.IntN(256))
	}
	return h
}

func randoms(r *rand.Rand, n int) []pdq.Hash {
	hashes := make([]pdq.Hash, n)
	for i := range hashes {
		hashes[i] = random(r)
	}
	return hashes
}

func flip(h *pdq.Hash, bit int) { h[bit/64] ^= 1 << (bit % 64) }

// away returns a hash that differs in n bits, half of them set.
func away(r *rand.Rand, h pdq.Hash, n int) pdq.Hash {
	left := [2]int{n / 2, n - n/2}
	for _, bit := range r.Perm(256) {
		if was := h[bit/64] >> (bit % 64) & 1; left[was] > 0 {
			left[was]--
			flip(&h, bit)
		}
	}
	return h
}

// listOf imports hashes, each with its number as its label.
func listOf(t testing.TB, hashes []pdq.Hash) *pdq.List {
	t.Helper()
	var text strings.Builder
	for i, h := range hashes {
		fmt.Fprintf(&text, "%s,n%d\n", h, i%1000)
	}
	list := new(pdq.List)
	report, err := list.Import(strings.NewReader(text.String()), "")
	if err != nil || report.New != len(hashes) {
		t.Fatal(report, err)
	}
	return list
}

func TestMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 300, 20_000} { // the last has blocks
		hashes := randoms(r, n)
		list := listOf(t, hashes)
		if n == 20_000 {
			worstSpread(t, r, list, hashes)
		}
		for range min(n, 60) {
			i := r.IntN(n)
			for _, distance := range []int{0, 1, 15, 16, 30, 31, 32, 33} {
				e, got, ok := list.Match(away(r, hashes[i], distance))
				if want := distance <= pdq.MaxDistance; ok != want {
					t.Fatalf("of %d: found %t at distance %d", n, ok, distance)
				}
				if ok && (got != distance || e.Hash != hashes[i] || e.Label != fmt.Sprint("n", i%1000)) {
					t.Fatalf("of %d: %v, %d; want %s, %d", n, e, got, hashes[i], distance)
				}
			}
		}
		if e, distance, ok := list.Match(pdq.Hash{}); ok {
			t.Errorf("of %d: no picture is %v, %d", n, e, distance)
		}
	}
}

// worstSpread looks for hashes that differ in 31 bits so spread that each block differs,
// and one block only in a single bit.
func worstSpread(t *testing.T, r *rand.Rand, list *pdq.List, hashes []pdq.Hash) {
	t.Helper()
	for single := range 16 {
		h := hashes[single]
		for block := range 16 {
			flip(&h, block*16+r.IntN(8))
			if block != single {
				flip(&h, block*16+8+r.IntN(8))
			}
		}
		if e, distance, ok := list.Match(h); !ok || distance != 31 || e.Hash != hashes[single] {
			t.Errorf("block %d: %v, %d, %t", single, e, distance, ok)
		}
	}
}

func TestMatchTakesTheNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	h := random(r)
	list := listOf(t, []pdq.Hash{away(r, h, 20), away(r, h, 8), away(r, h, 30)})
	if _, distance, ok := list.Match(h); !ok || distance != 8 {
		t.Errorf("distance %d, %t", distance, ok)
	}
}

func TestCompare(t *testing.T) {
	img := picture(t, "square-256x256.jpg")
	mirrored := image.NewNRGBA(img.Bounds())
	for y := range 256 {
		for x := range 256 {
			mirrored.Set(x, y, img.At(255-x, y))
		}
	}
	dark := image.NewGray(img.Bounds())
	gray := image.NewGray(img.Bounds())
	draw.Draw(gray, gray.Rect, img, image.Point{}, draw.Src)
	h, _ := pdq.Of(img)
	list := listOf(t, []pdq.Hash{h})
	tests := []struct {
		name string
		img  image.Image
		want pdq.Outcome
	}{
		{"itself", img, pdq.Known},
		{"gray", gray, pdq.Known},
		{"larger", picture(t, "square-512x512.jpg"), pdq.Known},
		{"mirrored", mirrored, pdq.Known},
		{"another", picture(t, "rgb.jpeg"), pdq.Unknown},
		{"dark", dark, pdq.NotComparable},
		{"too small", image.NewGray(image.Rect(0, 0, 4, 4)), pdq.NotComparable},
	}
	for _, test := range tests {
		c := list.Compare(test.img)
		if c.Outcome != test.want || (c.Entry.Label == "n0") != (test.want == pdq.Known) || c.Distance > pdq.MaxDistance {
			t.Errorf("%s: %+v, want %s", test.name, c, test.want)
		}
		if test.want == pdq.NotComparable && c.Quality >= pdq.MinQuality {
			t.Errorf("%s: quality %d", test.name, c.Quality)
		}
	}
}

func TestRemove(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	one, other := random(r), random(r)
	list := new(pdq.List)
	for label, h := range map[string]pdq.Hash{"a": one, "b": other} {
		if _, err := list.Import(strings.NewReader(h.String()), label); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := list.Remove("c"); err != nil || n != 0 || list.Len() != 2 {
		t.Errorf("%d removed, %d left", n, list.Len())
	}
	if n, err := list.Remove("a"); err != nil || n != 1 || fmt.Sprint(list.Labels()) != "map[b:1]" {
		t.Errorf("%d removed, %v left", n, list.Labels())
	}
	if _, _, ok := list.Match(one); ok {
		t.Error("what was removed is known")
	}
	if e, _, ok := list.Match(other); !ok || e.Label != "b" {
		t.Error("what was not removed is", e, ok)
	}
}

func TestReadersDuringImport(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	first := random(r)
	list := listOf(t, []pdq.Hash{first})
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, distance, ok := list.Match(first); !ok || distance != 0 {
					t.Error("what is known is not for a while")
					return
				}
				list.Labels()
			}
		})
	}
	for range 50 {
		if _, err := list.Import(strings.NewReader(random(r).String()), "later"); err != nil {
			t.Error(err)
		}
	}
	close(done)
	readers.Wait()
	if list.Len() != 51 {
		t.Errorf("%d known", list.Len())
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1000, 10_000, 19_000, 20_000, 100_000, 1_000_000} {
		r := rand.New(rand.NewPCG(1, 2))
		hashes := randoms(r, n)
		list := listOf(b, hashes)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h := hashes[i*7919%n]
				h[1] ^= 0x5555555555555555 // 32 bits: nothing is found
				list.Match(h)
			}
		})
	}
}
