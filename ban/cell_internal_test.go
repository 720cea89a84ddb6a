package ban

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// replay is what acts come to, carried out one after the other. Of two that are NeverSooner
// and end together, which nodes make only when they do not hear of each other, it takes
// the later one.
func replay(acts []act) (now act, some bool) {
	for _, a := range acts {
		tie := now.deed == deedWeak && now.until == a.until
		if a.deed == deedWeak && some && now.deed != deedEnd && lasts(now.until, a.until) && !tie {
			continue
		}
		now, some = a, true
	}
	return now, some
}

// Whatever the order in which a cell hears of what was done, and however often, it comes
// to what the order of the stamps comes to.
func TestCellComesToTheOrderOfTheStamps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		acts := make([]act, 1+random.IntN(7))
		for i := range acts {
			acts[i] = act{
				stamp: stamp{int64(100 + i/3), uint32(i % 3), string(rune('a' + random.IntN(3)))},
				deed:  deed(random.IntN(int(deeds))), until: int64(random.IntN(5)), at: place{1, uint64(i + 1)},
			}
			if acts[i].deed == deedEnd {
				acts[i].until = 0
			}
		}
		want, _ := replay(acts)
		heard := append(slices.Clone(acts), acts[random.IntN(len(acts))])
		random.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
		c := &cell{}
		needed := map[place]bool{}
		for _, a := range heard {
			dropped, known := c.merge(a)
			if !known {
				needed[a.at] = true
			}
			for _, d := range dropped {
				delete(needed, d.at)
			}
		}
		got, some := c.effective()
		if !some || got.at != want.at {
			t.Fatalf("%+v heard as %+v: %+v, want %+v", acts, heard, got, want)
		}
		for _, a := range c.acts {
			if !needed[a.at] {
				t.Fatalf("%+v: act %d is in the cell and was dropped", heard, a.at.version)
			}
			delete(needed, a.at)
		}
		if len(needed) > 0 {
			t.Fatalf("%+v: %v are neither in the cell nor dropped", heard, needed)
		}
	}
}

func TestCellInTheFile(t *testing.T) {
	origins := []string{"", "a/1", "b/2"}
	number := func(origin string) (uint16, error) { return uint16(slices.Index(origins, origin)), nil }
	name := func(n uint16) (string, bool) {
		if int(n) >= len(origins) {
			return "", false
		}
		return origins[n], true
	}
	key := banCell(1, rule{tag: tag{7}, key: 3}, keyID{1, 2})
	c := cell{id: 12, ended: 99, parked: true, acts: []act{
		{stamp{1 << 40, 7, "a/1"}, deedWeak, 1 << 41, place{2, 1 << 50}}, {stamp{1 << 42, 0, "b/2"}, deedEnd, 0, place{1, 3}},
	}}
	value, err := c.encode(key, number)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCell(key, value, name)
	if err != nil || got.id != c.id || got.ended != c.ended || !got.parked || !slices.Equal(got.acts, c.acts) {
		t.Errorf("%+v, %v; want %+v", got, err, c)
	}
	for n := range value {
		damaged := slices.Clone(value)
		damaged[n] ^= 4
		if _, err := decodeCell(key, damaged, name); err == nil {
			t.Errorf("byte %d is damaged, and nobody notices", n)
		}
	}
	if _, err := decodeCell(key, seal([]byte(key), value[:len(value)-6]), name); err == nil {
		t.Error("it is cut off, and nobody notices")
	}
}

func TestHybridClockNeverGoesBack(t *testing.T) {
	var c hybridClock
	at := func(millis int64) stamp { return c.next(untilTime(millis), "a") }
	last := at(1000)
	for _, step := range []struct{ wall, seen int64 }{{1000, 0}, {900, 0}, {1001, 0}, {1, 5000}, {1002, 4000}, {5000, 0}, {7000, 6000}} {
		seen := stamp{step.seen, 1 << 31, "z"}
		c.observe(seen)
		next := at(step.wall)
		if next.compare(last) <= 0 || next.compare(seen) <= 0 {
			t.Errorf("%+v after %+v and %+v", next, last, seen)
		}
		last = next
	}
	c.count = 1<<32 - 1
	if next := at(1); next.compare(last) <= 0 {
		t.Errorf("%+v after %+v", next, last)
	}
}
