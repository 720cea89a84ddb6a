package moderate_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// fixture is a store whose time stands still.
type fixture struct {
	*moderate.Store
	t        *testing.T
	path     string
	opts     moderate.Options
	now      time.Time
	evidence *box
	filed    int
}

// box keeps evidence in memory.
type box struct {
	kept   map[string][]moderate.Part // by case
	holds  map[string]time.Time
	broken error // of all
	full   error // of holds
}

func (b *box) Seal(id string, parts []moderate.Part) (string, error) {
	if b.broken != nil {
		return "", b.broken
	}
	b.kept[id] = append(b.kept[id], parts...)
	return fmt.Sprintf("%s-%d", id, len(b.kept[id])), nil
}

// Delete refuses what is on hold, as that on disk does.
func (b *box) Delete(id string) error {
	if _, held := b.holds[id]; held {
		return errors.New("on hold")
	}
	delete(b.kept, id)
	return b.broken
}

func (b *box) Hold(id string, until time.Time) error {
	if b.full != nil {
		return b.full
	}
	if until.After(b.holds[id]) {
		b.holds[id] = until
	}
	return nil
}

func (b *box) Release(id string) error { delete(b.holds, id); return nil }

func open(t *testing.T, change func(*moderate.Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), "moderation.db"), now: noon, evidence: &box{kept: map[string][]moderate.Part{}, holds: map[string]time.Time{}}}
	f.opts = moderate.Options{Evidence: f.evidence, Now: func() time.Time { return f.now }}
	if change != nil {
		change(&f.opts)
	}
	f.reopen()
	t.Cleanup(func() { f.Close() })
	return f
}

// reopen is what a restart does.
func (f *fixture) reopen() {
	f.t.Helper()
	if f.Store != nil {
		if err := f.Close(); err != nil {
			f.t.Fatal(err)
		}
	}
	var err error
	if f.Store, err = moderate.Open(f.path, f.opts); err != nil {
		f.t.Fatal(err)
	}
}

// file reports a session, and returns the case.
func (f *fixture) file(session, reason, reporter string) string {
	f.t.Helper()
	id, err := f.File(f.filing(session, reason, reporter))
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

func (f *fixture) filing(session, reason, reporter string) moderate.Filing {
	f.filed++
	return moderate.Filing{
		ID: fmt.Sprintf("r%07d", f.filed), Reason: reason, At: f.now, Session: session, Suspects: []string{"of-" + session}, Reporter: reporter,
		Parts: []moderate.Part{{Name: "note", Type: "text/plain", At: f.now, Data: []byte("a note")}},
	}
}

// decide decides a case.
func (f *fixture) decide(id, by string, do moderate.Action) *moderate.Case {
	f.t.Helper()
	k, err := f.Decide(id, moderate.Decision{Do: do, By: by, Reason: "as the rules say"})
	if err != nil {
		f.t.Fatal(err)
	}
	return k
}

func ids(cases []*moderate.Case) (list []string) {
	for _, k := range cases {
		list = append(list, k.ID)
	}
	return list
}

// Reports of one session make one case, across restarts, until that is decided.
func TestReportsOfOneSessionMakeOneCase(t *testing.T) {
	f := open(t, nil)
	first := f.file("s", "spam", "a")
	f.now = f.now.Add(time.Minute)
	f.reopen()
	if again := f.file("s", "nudity", "b"); again != first {
		t.Errorf("the second report is in case %s, want %s", again, first)
	}
	if other := f.file("t", "spam", "a"); other == first {
		t.Error("another session is in the same case")
	}
	k, err := f.Get("r0000002") // by the second report's id
	if err != nil {
		t.Fatal(err)
	}
	if k.ID != first || len(k.Reports) != 2 || len(k.Evidence) != 2 || k.Gravity != moderate.Grave || !k.Opened.Equal(noon) || !slices.Equal(k.Suspects, []string{"of-s"}) {
		t.Errorf("%+v", k)
	}
	f.decide(first, "ann", moderate.Warn)
	if later := f.file("s", "spam", "c"); later == first {
		t.Error("a decided case took another report")
	}
	if _, err := f.Get("nothing"); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("Get of nothing: %v", err)
	}
}

// The gravest come first, and of those the oldest. Three whom nobody knows make a
// nuisance grave; one who says it three times does not.
func TestQueueOrder(t *testing.T) {
	f := open(t, nil)
	file := func(session, reason, reporter string) string {
		f.now = f.now.Add(time.Second)
		return f.file(session, reason, reporter)
	}
	spam := file("spam", "spam", "a")
	crowd := file("crowd", "harassment", "b")
	nudity := file("nudity", "nudity", "c")
	minor := file("minor", "minor", "d")
	for _, reporter := range []string{"e", "f"} {
		file("crowd", "other", reporter)
	}
	for range 3 {
		file("spam", "spam", "a")
	}
	want := []string{minor, crowd, nudity, spam}
	if got := ids(f.Queue(0)); !slices.Equal(got, want) {
		t.Errorf("queue %v, want %v", got, want)
	}
	f.reopen()
	if got := ids(f.Queue(2)); !slices.Equal(got, want[:2]) {
		t.Errorf("after a restart: %v, want %v", got, want[:2])
	}
	if stats := f.Stats(); !reflect.DeepEqual(stats.Waiting, map[string]int{"slight": 1, "grave": 2, "urgent": 1}) || stats.Oldest < 7 {
		t.Errorf("%+v", stats)
	}
}

// A reporter whose word was good before counts for more than one who was wrong, and one
// who reports all day for less and less, and in the end for nothing.
func TestWeightOfReporters(t *testing.T) {
	f := open(t, nil)
	score := func(reporter string) float64 {
		id := f.file("s"+fmt.Sprint(f.filed), "spam", reporter)
		k, err := f.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		return k.Score
	}
	unknown := score("unknown")
	for range 2 {
		f.decide(f.file("g"+fmt.Sprint(f.filed), "spam", "good"), "ann", moderate.Ban)
		f.decide(f.file("w"+fmt.Sprint(f.filed), "spam", "wrong"), "ann", moderate.Dismiss)
	}
	f.now = f.now.Add(25 * time.Hour)
	if good, wrong := score("good"), score("wrong"); !(good > unknown && unknown > wrong && wrong > 0) {
		t.Errorf("good %v, unknown %v, wrong %v", good, unknown, wrong)
	}
	last, opened := 1.0, 0
	for i := range 30 {
		f.now = f.now.Add(time.Minute)
		id := f.file(fmt.Sprintf("b%d", i), "minor", "bomber")
		if id == "" {
			continue
		}
		opened++
		k, err := f.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if k.Score > last {
			t.Errorf("report %d of a day weighs %v, the one before %v", i+1, k.Score, last)
		}
		last = k.Score
	}
	if opened != 20 || last > 0.15 || f.Stats().Dropped != 10 {
		t.Errorf("a bomber opened %d cases, the last of weight %v; %d were dropped", opened, last, f.Stats().Dropped)
	}
	for before, opens := range map[int]bool{moderate.MostReports - 1: true, moderate.MostReports: false} { // at other nodes
		filing := f.filing(fmt.Sprint("elsewhere", before), "minor", fmt.Sprint("bomber of ", before))
		filing.Before = before
		if id, err := f.File(filing); err != nil || (id != "") != opens {
			t.Errorf("after %d reports elsewhere: case %q, %v", before, id, err)
		}
	}
	f.now = f.now.Add(25 * time.Hour)
	if back := score("bomber"); back < unknown/2 {
		t.Errorf("a day later their report weighs %v", back)
	}
}

// Each case is one person's at a time.
func TestClaims(t *testing.T) {
	f := open(t, nil)
	first := f.file("s", "minor", "a")
	second := f.file("t", "spam", "a")
	take := func(id, by string) string {
		t.Helper()
		k, err := f.Claim(id, by)
		if err != nil {
			t.Fatal(err)
		}
		return k.ID
	}
	if a, b := take("", "ann"), take("", "bob"); a != first || b != second {
		t.Errorf("ann has %s and bob %s", a, b)
	}
	if again := take("", "ann"); again != first {
		t.Errorf("ann has %s too", again)
	}
	if _, err := f.Claim("", "cat"); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("nothing is left for cat, but: %v", err)
	}
	var held moderate.ErrHeld
	if _, err := f.Decide(first, moderate.Decision{Do: moderate.Ban, By: "bob", Reason: "x"}); !errors.As(err, &held) || held.By != "ann" || !strings.Contains(err.Error(), "ann looks at it") {
		t.Errorf("bob decided ann's case: %v", err)
	}
	if err := f.Release(first, "bob"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Claim(first, "cat"); !errors.As(err, &held) {
		t.Errorf("bob gave ann's case back: %v", err)
	}
	if err := f.Release(first, "ann"); err != nil || take("", "cat") != first {
		t.Errorf("ann could not give it back: %v", err)
	}
	f.now = f.now.Add(5 * time.Minute)
	if take(first, "bob") != first {
		t.Error("a claim does not end")
	}
}

// A decision is checked, ends the case and its evidence, and is final.
func TestDecide(t *testing.T) {
	f := open(t, nil)
	id := f.file("s", "spam", "a")
	for name, d := range map[string]moderate.Decision{
		"do: ":     {Do: "shoot", By: "ann", Reason: "x"},
		"reason: ": {Do: moderate.Ban, By: "ann", Reason: " "},
		"by: ":     {Do: moderate.Ban, Reason: "x"},
	} {
		if _, err := f.Decide(id, d); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%+v: %v, want %s…", d, err, name)
		}
	}
	if len(f.evidence.kept[id]) != 1 {
		t.Fatalf("evidence: %v", f.evidence.kept)
	}
	k := f.decide(id, "ann", moderate.Ban)
	if k.State != moderate.StateDecided || k.Decision.By != "ann" || !k.Decision.At.Equal(noon) || len(f.evidence.kept) != 0 || f.Waiting() != 0 {
		t.Errorf("%+v, evidence %v", k, f.evidence.kept)
	}
	if _, err := f.Decide(id, moderate.Decision{Do: moderate.Dismiss, By: "bob", Reason: "x"}); !errors.Is(err, moderate.ErrDecided) {
		t.Errorf("decided twice: %v", err)
	}
	if _, err := f.Decide("nothing", moderate.Decision{Do: moderate.Dismiss, By: "bob", Reason: "x"}); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("nothing was decided: %v", err)
	}
	totals, err := f.Totals()
	if err != nil || len(totals) != 1 || totals[0].Month != "2026-11" {
		t.Errorf("totals %+v, %v", totals, err)
	}
	if got, want := figures(t, f.Store), map[string]int{"reports spam": 1, "decisions ban": 1, "delays": 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("totals %v, want %v", got, want)
	}
}

// Where two people are needed, nobody bans for good alone.
func TestPermanentNeedsTwo(t *testing.T) {
	f := open(t, func(o *moderate.Options) { o.TwoPeople = true })
	id := f.file("s", "nudity", "a")
	if k := f.decide(id, "ann", moderate.Permanent); k.State != moderate.StatePending || len(f.evidence.kept) != 1 {
		t.Fatalf("after one: %+v", k)
	}
	f.reopen()
	if _, err := f.Decide(id, moderate.Decision{Do: moderate.Permanent, By: "ann", Reason: "x"}); !errors.Is(err, moderate.ErrNeedsAnother) {
		t.Errorf("ann confirmed herself: %v", err)
	}
	if _, err := f.Claim("", "ann"); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("the queue offers ann her own: %v", err)
	}
	if k := f.decide(id, "bob", moderate.Permanent); k.State != moderate.StateDecided || k.Decision.By != "ann" || k.Decision.Confirmed != "bob" || len(f.evidence.kept) != 0 {
		t.Errorf("after two: %+v", k)
	}
	other := f.file("t", "nudity", "a")
	f.decide(other, "ann", moderate.Permanent)
	if k := f.decide(other, "bob", moderate.Dismiss); k.State != moderate.StateDecided || k.Decision.Do != moderate.Dismiss {
		t.Errorf("bob thought otherwise: %+v", k)
	}
}

// What nobody judges expires, and what was kept for long enough is gone, with the
// reports and the reporters.
func TestSweep(t *testing.T) {
	f := open(t, nil)
	decided, waiting := f.file("s", "spam", "a"), f.file("t", "spam", "b")
	f.decide(decided, "ann", moderate.Ban)
	sweep := func() {
		t.Helper()
		if err := f.Sweep(); err != nil {
			t.Fatal(err)
		}
	}
	f.now = noon.Add(30*24*time.Hour - time.Second)
	sweep()
	if f.Waiting() != 1 || len(f.evidence.kept) != 1 {
		t.Fatal("a case expired too soon")
	}
	f.now = noon.Add(30 * 24 * time.Hour)
	sweep()
	if k, err := f.Get(waiting); err != nil || k.State != moderate.StateExpired || f.Waiting() != 0 || len(f.evidence.kept) != 0 {
		t.Errorf("%+v, %v", k, err)
	}
	f.now = noon.Add(90 * 24 * time.Hour)
	sweep()
	if _, err := f.Get(decided); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("the decided case is still there: %v", err)
	}
	f.now = noon.Add(121 * 24 * time.Hour)
	sweep()
	if _, err := f.Get(waiting); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("the expired case is still there: %v", err)
	}
	if totals, err := f.Totals(); err != nil || len(totals) != 2 || totals[0].Expired != 1 || totals[1].Reports["spam"] != 2 {
		t.Errorf("the figures are %+v, %v", totals, err)
	}
}

// What cannot be kept is refused whole.
func TestRefusedFiling(t *testing.T) {
	f := open(t, func(o *moderate.Options) { o.Cases = 2 })
	f.evidence.broken = errors.New("no space left on device")
	if _, err := f.File(f.filing("s", "spam", "a")); !errors.Is(err, f.evidence.broken) {
		t.Errorf("a report without its evidence: %v", err)
	}
	if f.Waiting() != 0 {
		t.Error("a refused report opened a case")
	}
	f.evidence.broken = nil
	f.file("s", "spam", "a")
	f.file("t", "spam", "b")
	if _, err := f.File(f.filing("u", "spam", "c")); !errors.Is(err, moderate.ErrFull) || f.Stats().Dropped != 1 {
		t.Errorf("a third case: %v, %d dropped", err, f.Stats().Dropped)
	}
	if f.file("t", "spam", "c") == "" {
		t.Error("a case that is there took no further report")
	}
	for i := range 60 {
		f.file("t", "spam", fmt.Sprint("many", i))
	}
	if k, err := f.Get(f.Queue(1)[0].ID); err != nil || len(k.Reports) != 50 || k.More != 12 || len(k.Evidence) != 50 {
		t.Errorf("%d reports and %d more, %v", len(k.Reports), k.More, err)
	}
}

// The addresses of who is reported carry a risk, until somebody judges.
func TestRisk(t *testing.T) {
	f := open(t, nil)
	if f.Risk([]string{"of-s"}) != 0 || f.Risk(nil) != 0 {
		t.Error("a risk of nobody")
	}
	id := f.file("s", "spam", "a")
	one := f.Risk([]string{"other", "of-s"})
	f.file("s", "spam", "b")
	two := f.Risk([]string{"of-s"})
	f.file("s", "minor", "c")
	three := f.Risk([]string{"of-s"})
	if !(0 < one && one < two && two < three && three == 1) {
		t.Errorf("risks %v, %v, %v", one, two, three)
	}
	f.reopen()
	if got := f.Risk([]string{"of-s"}); got != three {
		t.Errorf("after a restart %v", got)
	}
	f.decide(id, "ann", moderate.Dismiss)
	if f.Risk([]string{"of-s"}) != 0 {
		t.Error("a risk of who was judged")
	}
}

// What a browser claims weighs what a report does, whatever score it says, and is no
// evidence for a ban.
func TestClaimedFlags(t *testing.T) {
	f := open(t, nil)
	for i, test := range []struct {
		viewer  string
		claimed bool
		score   float64 // of the case
		viewers int
	}{
		{"v", true, 2. / 3, 0},
		{"v", true, 2. / 3, 0},
		{"w", true, 4. / 3, 0},
		{"w", false, 2./3 + 1, 1},
	} {
		id, viewers, err := f.Flag(moderate.Flagging{
			Flag:    moderate.Flag{Label: "porn", Score: 1, Viewer: test.viewer, Claimed: test.claimed, Rule: "r", Support: "supported"},
			Session: "s", Suspects: []string{"of-s"},
		})
		if err != nil {
			t.Fatal(err)
		}
		k, err := f.Get(id)
		if err != nil || viewers != test.viewers || math.Abs(k.Score-test.score) > 1e-9 {
			t.Errorf("after flag %d: %d viewers, score %v, %v; want %d and %v", i, viewers, k.Score, err, test.viewers, test.score)
		}
	}
}

// What a program saw becomes a part of the session's case, and one browser's word counts
// once, however often it is said.
func TestFlags(t *testing.T) {
	f := open(t, nil)
	flag := func(viewer, label string, score float64) (string, int) {
		t.Helper()
		id, viewers, err := f.Flag(moderate.Flagging{
			Flag:    moderate.Flag{Label: label, Score: score, Viewer: viewer, Rule: "r", Support: "unknown", Did: []string{"blur"}},
			Session: "s", Suspects: []string{"of-s"}, Parts: []moderate.Part{{Name: "still", Type: "image/jpeg", Data: []byte("x")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return id, viewers
	}
	first, viewers := flag("v", "porn", 0.9)
	if again, n := flag("v", "porn", 0.8); again != first || viewers != 1 || n != 1 {
		t.Errorf("case %s then %s, %d and %d viewers", first, again, viewers, n)
	}
	k, err := f.Get(first)
	if err != nil || k.Gravity != moderate.Grave || k.Score != 0.9 || len(k.Flags) != 2 || len(k.Evidence) != 2 || !k.Flags[0].At.Equal(noon) {
		t.Errorf("%+v, %v", k, err)
	}
	if same := f.file("s", "spam", "a"); same != first {
		t.Error("a report of the same session is in another case")
	}
	f.reopen()
	if _, n := flag("w", moderate.Known, 1); n != 2 {
		t.Errorf("%d viewers, want 2", n)
	}
	if k, err := f.Get(first); err != nil || k.Gravity != moderate.Urgent || len(k.Reports) != 1 || f.Risk([]string{"of-s"}) != 1 {
		t.Errorf("%+v, %v", k, err)
	}
	if totals, err := f.Totals(); err != nil || totals[0].Flags["porn"] != 2 || totals[0].Flags["known"] != 1 {
		t.Errorf("%+v, %v", totals, err)
	}
	f.decide(first, "ann", moderate.Dismiss)
	if len(f.evidence.kept) != 0 {
		t.Error("stills are kept after the decision")
	}
}

// One process has the file; a newer one's is refused, and so is what is none.
func TestOpenRefuses(t *testing.T) {
	f := open(t, nil)
	if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := moderate.Open(f.path, moderate.Options{}); !errors.Is(err, moderate.ErrLocked) {
		t.Errorf("a second process: %v", err)
	}
	bad := filepath.Join(t.TempDir(), "bad.db")
	if err := os.WriteFile(bad, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := moderate.Open(bad, moderate.Options{}); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("nonsense: %v", err)
	}
}

// Ten thousand cases: how long the queue, the next claim, a report and a decision take.
func BenchmarkTenThousandCases(b *testing.B) {
	s, err := moderate.Open(filepath.Join(b.TempDir(), "moderation.db"), moderate.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	n := 0
	file := func() {
		n++
		_, err := s.File(moderate.Filing{
			ID: fmt.Sprintf("r%07d", n), Reason: []string{"spam", "nudity", "minor"}[n%3], At: time.Now(),
			Session: fmt.Sprint("s", n), Suspects: []string{fmt.Sprint("p", n)}, Reporter: fmt.Sprint("q", n),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for range 10_000 {
		file()
	}
	b.Run("queue of 50", func(b *testing.B) {
		for b.Loop() {
			s.Queue(50)
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			file()
		}
	})
	b.Run("risk", func(b *testing.B) {
		for b.Loop() {
			s.Risk([]string{"p17"})
		}
	})
	b.Run("claim and decide", func(b *testing.B) {
		for b.Loop() {
			k, err := s.Claim("", "ann")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.Decide(k.ID, moderate.Decision{Do: moderate.Dismiss, By: "ann", Reason: "x"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
