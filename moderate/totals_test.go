package moderate_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate"
)

// figures are all months of a store together, without what is zero: "reports spam" → 3.
func figures(t *testing.T, s *moderate.Store) map[string]int {
	t.Helper()
	months, err := s.Totals()
	if err != nil {
		t.Fatal(err)
	}
	sum := make(map[string]int)
	add := func(what string, n int) {
		if n != 0 {
			sum[what] += n
		}
	}
	for i, m := range months {
		if i > 0 && m.Month >= months[i-1].Month {
			t.Errorf("%s comes after %s", m.Month, months[i-1].Month)
		}
		for what, counts := range map[string]map[string]int{
			"reports": m.Reports, "found": m.Found, "flags": m.Flags, "judged": m.Judged, "dismissed": m.Dismissed,
			"decisions": m.Decisions, "bans": m.Bans, "appeals": m.Appeals, "disclosures": m.Disclosures,
		} {
			for name, n := range counts {
				add(what+" "+name, n)
			}
		}
		add("stills", m.Stills)
		add("expired", m.Expired)
		add("told", m.NCMEC)
		add("unbanned", m.Unbanned)
		for _, n := range m.Delays {
			add("delays", n)
		}
	}
	return sum
}

// Whatever is filed, found, tallied and decided, in months with restarts between, the sum of
// the months is what was done.
func TestMonthsAddUp(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	f := open(t, nil)
	want := make(map[string]int)
	open := map[string][]string{} // cases → labels of their flags
	told := map[string]bool{}
	labels := []string{"porn", "drawing"}
	for i := range 150 {
		f.now = f.now.Add(time.Duration(random.IntN(40)) * time.Hour)
		session := fmt.Sprintf("s%d", random.IntN(20))
		switch random.IntN(8) {
		case 0, 1:
			id := f.file(session, "spam", fmt.Sprintf("r%d", i))
			open[id] = append(make([]string, 0), open[id]...) // there, though it may have no flag
			want["reports spam"]++
		case 2:
			label := labels[random.IntN(2)]
			id, _, err := f.Flag(moderate.Flagging{Flag: moderate.Flag{Label: label, Score: 1, Viewer: session}, Session: session})
			if err != nil {
				t.Fatal(err)
			}
			open[id] = append(open[id], label)
			want["flags "+label]++
		case 3:
			f.Tally(func(m *moderate.Totals) { m.Bans[moderate.MakerPerson]++; m.Stills += 7; m.Found["porn"]++ })
			want["bans person"]++
			want["stills"] += 7
			want["found porn"]++
		case 4:
			f.Tally(func(m *moderate.Totals) { m.Unbanned++; m.Appeals["received"]++ })
			want["unbanned"]++
			want["appeals received"]++
		case 5:
			for id, flags := range open {
				do := moderate.Actions()[random.IntN(5)]
				f.decide(id, "ann", do)
				delete(open, id)
				want["decisions "+string(do)]++
				want["delays"]++
				for _, label := range flags {
					want["judged "+label]++
					if do == moderate.Dismiss {
						want["dismissed "+label]++
					}
				}
				break
			}
		case 6:
			for id := range open {
				if err := f.Tell(id); err != nil {
					t.Fatal(err)
				}
				if !told[id] {
					want["told"]++
				}
				told[id] = true
				break
			}
		case 7:
			before := len(open)
			if err := f.Sweep(); err != nil {
				t.Fatal(err)
			}
			for id := range open {
				if !f.Undecided(id) {
					delete(open, id)
				}
			}
			if expired := before - len(open); expired > 0 {
				want["expired"] += expired
			}
			if random.IntN(3) == 0 {
				f.reopen()
			}
		}
	}
	if got := figures(t, f.Store); !reflect.DeepEqual(got, want) {
		t.Errorf("the months together are\n%v, want\n%v", got, want)
	}
	if months, err := f.Totals(); err != nil || len(months) < 3 {
		t.Errorf("%d months, %v", len(months), err)
	}
}

// A crash loses what was tallied since the last sweep, and nothing else.
func TestCrashLosesTheTally(t *testing.T) {
	f := open(t, nil)
	ban := func() { f.Tally(func(m *moderate.Totals) { m.Bans["filter"]++ }) }
	f.file("s", "spam", "a")
	ban()
	ban()
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	ban()
	f.file("t", "spam", "b") // its own transaction
	if got := figures(t, f.Store); got["bans filter"] != 3 || got["reports spam"] != 2 {
		t.Errorf("before: %v", got)
	}
	// What the disk has is what a crash leaves.
	disk, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(t.TempDir(), "moderation.db")
	if err := os.WriteFile(left, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	after, err := moderate.Open(left, f.opts)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	if got := figures(t, after); got["bans filter"] != 2 || got["reports spam"] != 2 {
		t.Errorf("after a crash: %v", got)
	}
	f.reopen()
	if got := figures(t, f.Store); got["bans filter"] != 3 {
		t.Errorf("after an end: %v", got)
	}
}

func TestDelays(t *testing.T) {
	for name, test := range map[string]struct {
		hours       []int // each decision's
		median, p90 int
	}{
		"none":           {nil, 0, 0},
		"one":            {[]int{5}, 6, 6},
		"ten":            {[]int{0, 0, 0, 0, 0, 1, 2, 10, 10, 700}, 1, 12},
		"the clock back": {[]int{-4}, 1, 1},
		"a long wait":    {[]int{1, 99_999}, 1, 2160},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, nil)
			for i, hours := range test.hours {
				f.now = noon
				id := f.file(fmt.Sprintf("s%d", i), "spam", fmt.Sprintf("r%d", i))
				f.now = noon.Add(time.Duration(hours) * time.Hour)
				f.decide(id, "ann", moderate.Warn)
			}
			months, err := f.Totals()
			if err != nil {
				t.Fatal(err)
			}
			var all moderate.Delays
			for _, m := range months {
				for i, n := range m.Delays {
					all[i] += n
				}
			}
			if median, p90 := all.Within(50), all.Within(90); median != test.median || p90 != test.p90 {
				t.Errorf("median %d h, 90 %% %d h; want %d and %d", median, p90, test.median, test.p90)
			}
		})
	}
}
