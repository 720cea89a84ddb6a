package moderate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// rest lets time pass, and the sweeper run.
func (f *fixture) rest(d time.Duration) {
	f.t.Helper()
	f.now = f.now.Add(d)
	if err := f.Sweep(); err != nil {
		f.t.Fatal(err)
	}
}

// hold holds a case as a person does.
func (f *fixture) hold(id string, d time.Duration) {
	f.t.Helper()
	if _, err := f.Hold(id, moderate.Hold{Until: f.now.Add(d), By: "ann", Reason: "a court asked"}); err != nil {
		f.t.Fatal(err)
	}
}

// What was said of a minor is held for a year when its case ends, unless that was wrong;
// the rest is deleted. It is so after each restart.
func TestWhatEndsHeld(t *testing.T) {
	for _, test := range []struct {
		reason string
		end    moderate.Action // "": nobody judges it
		hold   time.Duration   // by a person, before
		want   time.Duration   // from the end
	}{
		{"spam", moderate.Ban, 0, 0},
		{"spam", moderate.Ban, 40 * day, 40 * day},
		{"spam", "", 0, 0},
		{"nudity", moderate.Permanent, 0, 0},
		{"minor", moderate.Ban, 0, year + 12*time.Hour}, // to the end of the day
		{"minor", moderate.Warn, 0, year + 12*time.Hour},
		{"minor", moderate.Dismiss, 0, 0},
		{"minor", moderate.Dismiss, 40 * day, 40 * day},
		{"minor", moderate.Ban, 2 * year, 2 * year},
		{"minor", moderate.Ban, 40 * day, year + 12*time.Hour},
		{"minor", "", 0, year + 12*time.Hour},
		{moderate.Guardian, moderate.End, 0, year + 12*time.Hour},
	} {
		f := open(t, nil)
		id := f.file("s", test.reason, "a")
		ended := f.now
		if test.end == "" {
			f.rest(moderate.WaitFor)
			ended = f.now
		}
		if test.hold > 0 {
			f.hold(id, test.hold)
		}
		if test.end != "" {
			f.decide(id, "ann", test.end)
		}
		name := test.reason + " " + string(test.end) + " held for " + test.hold.String()
		f.reopen()
		k, err := f.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if test.want == 0 {
			if k.Hold != nil || f.evidence.kept[id] != nil || f.Keeps(id) || len(f.evidence.holds) > 0 {
				t.Errorf("%s: %+v, evidence %v", name, k.Hold, f.evidence.kept[id])
			}
			continue
		}
		until := ended.Add(test.want)
		if k.Hold == nil || !k.Hold.Until.Equal(until) || !f.evidence.holds[id].Equal(until) || f.evidence.kept[id] == nil || !f.Keeps(id) {
			t.Errorf("%s: %+v, evidence %v until %v; want %v", name, k.Hold, f.evidence.kept[id], f.evidence.holds[id], until)
		}
		if by := map[bool]string{true: "ann", false: moderate.ByRule}[test.hold > 0 && test.hold >= test.want]; k.Hold.By != by {
			t.Errorf("%s: held by %s, want %s", name, k.Hold.By, by)
		}
		// The case is there for as long, and then forgotten with its evidence.
		f.now = until.Add(-time.Second)
		f.rest(0)
		if got := ids(f.HeldCases(0)); !slices.Equal(got, []string{id}) || f.evidence.kept[id] == nil {
			t.Errorf("%s: a second before the end %v are held, evidence %v", name, got, f.evidence.kept[id])
		}
		f.rest(time.Second)
		if f.Held() != 0 || f.evidence.kept[id] != nil || f.Keeps(id) {
			t.Errorf("%s: at the end %d are held, evidence %v", name, f.Held(), f.evidence.kept[id])
		}
		f.rest(moderate.KeepFor)
		if _, err := f.Get(id); !errors.Is(err, moderate.ErrNotFound) {
			t.Errorf("%s: the case is still there: %v", name, err)
		}
	}
}

// A flag counts as a report does.
func TestWhatAProgramKnowsIsHeld(t *testing.T) {
	for label, want := range map[string]bool{moderate.Known: true, "minor": true, "porn": false} {
		f := open(t, nil)
		id, _, err := f.Flag(moderate.Flagging{Flag: moderate.Flag{Label: label, Score: 1, Viewer: "v"}, Session: "s", Parts: f.filing("s", "", "").Parts})
		if err != nil {
			t.Fatal(err)
		}
		f.decide(id, "ann", moderate.Ban)
		if got := f.Keeps(id); got != want || (f.evidence.kept[id] != nil) != want {
			t.Errorf("%s is held: %v, want %v", label, got, want)
		}
	}
}

// What cannot be held is not decided, nor does it expire, and its evidence stays.
func TestAHoldThatCannotBeWrittenStopsTheEnd(t *testing.T) {
	f := open(t, nil)
	id, other := f.file("s", "minor", "a"), f.file("t", "spam", "a")
	f.evidence.full = errors.New("no space left")
	if _, err := f.Decide(id, moderate.Decision{Do: moderate.Ban, By: "ann", Reason: "x"}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("decided: %v", err)
	}
	k, err := f.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Freeze(k, moderate.Ban); err == nil {
		t.Error("frozen on a full disk")
	}
	if until, err := f.Freeze(k, moderate.Dismiss); err != nil || !until.IsZero() {
		t.Errorf("a dismissal holds until %v, %v", until, err)
	}
	f.now = f.now.Add(moderate.WaitFor)
	if err := f.Sweep(); err == nil {
		t.Error("swept on a full disk")
	}
	f.reopen()
	for _, id := range []string{id, other} {
		if !f.Undecided(id) || f.evidence.kept[id] == nil {
			t.Errorf("case %s ended, or its evidence", id)
		}
	}
	f.evidence.full = nil
	f.rest(0)
	if f.Waiting() != 0 || !f.Keeps(id) || f.evidence.kept[id] == nil || f.evidence.kept[other] != nil {
		t.Error("with room again")
	}
}

// A process that dies between the hold and the case leaves evidence that is held. The next
// decision is as if it had not been.
func TestAHoldThatWasCutShort(t *testing.T) {
	for _, do := range []moderate.Action{moderate.Ban, moderate.Dismiss} {
		f := open(t, nil)
		id := f.file("s", "minor", "a")
		k, err := f.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Freeze(k, moderate.Ban); err != nil {
			t.Fatal(err)
		}
		f.reopen()
		if f.evidence.holds[id].IsZero() || !f.Undecided(id) {
			t.Fatal("nothing is held")
		}
		f.decide(id, "ann", do)
		if kept := f.evidence.kept[id] != nil; kept != (do == moderate.Ban) || f.Keeps(id) != kept {
			t.Errorf("%s: the evidence is kept: %v", do, kept)
		}
	}
}

func TestRelease(t *testing.T) {
	f := open(t, nil)
	waiting, ended := f.file("s", "spam", "a"), f.file("t", "minor", "a")
	if _, err := f.Unhold(waiting); !errors.Is(err, moderate.ErrNotHeld) {
		t.Errorf("released what is not held: %v", err)
	}
	f.hold(waiting, day)
	f.decide(ended, "ann", moderate.Ban)
	if got := ids(f.HeldCases(0)); !slices.Equal(got, []string{waiting, ended}) {
		t.Errorf("held are %v", got)
	}
	if got := ids(f.HeldCases(1)); !slices.Equal(got, []string{waiting}) {
		t.Errorf("one of them is %v", got)
	}
	for _, id := range []string{waiting, ended} {
		if k, err := f.Unhold(id); err != nil || k.Hold != nil {
			t.Errorf("%s: %+v, %v", id, k, err)
		}
	}
	f.reopen()
	if f.Held() != 0 || len(f.evidence.holds) != 0 || f.evidence.kept[ended] != nil || f.evidence.kept[waiting] == nil {
		t.Errorf("%d held, %v, evidence %v", f.Held(), f.evidence.holds, f.evidence.kept)
	}
	if _, err := f.Hold(ended, moderate.Hold{Until: f.now.Add(day), By: "ann", Reason: "too late"}); !errors.Is(err, moderate.ErrNothing) {
		t.Errorf("held what is gone: %v", err)
	}
}

func TestHoldRefuses(t *testing.T) {
	f := open(t, nil)
	id := f.file("s", "spam", "a")
	f.hold(id, 2*day)
	for want, h := range map[string]moderate.Hold{
		"until: 2026-11-29T12:00:00Z has passed": {Until: f.now, By: "ann", Reason: "x"},
		"more than 3650 days away":               {Until: f.now.Add(11 * year), By: "ann", Reason: "x"},
		"reason: is missing":                     {Until: f.now.Add(3 * day), By: "ann", Reason: " "},
		"reason: longer":                         {Until: f.now.Add(3 * day), By: "ann", Reason: strings.Repeat("x", 301)},
		"by: is missing":                         {Until: f.now.Add(3 * day), Reason: "x"},
		"for longer already":                     {Until: f.now.Add(day), By: "ann", Reason: "x"},
	} {
		if _, err := f.Hold(id, h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", h, err, want)
		}
	}
	if _, err := f.Hold("nothing", moderate.Hold{Until: f.now.Add(day), By: "ann", Reason: "x"}); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("held nothing: %v", err)
	}
}

// What ends by itself is written down first; what cannot be is put off.
func TestEndsAreWrittenDown(t *testing.T) {
	var told []string
	var broken error
	f := open(t, func(o *moderate.Options) {
		o.Ended = func(id string, until time.Time) error {
			if broken == nil {
				told = append(told, id+" "+until.Format(time.DateOnly))
			}
			return broken
		}
	})
	id := f.file("s", "minor", "a")
	f.file("t", "spam", "a")
	f.now = f.now.Add(moderate.WaitFor)
	broken = errors.New("no space left")
	if err := f.Sweep(); !errors.Is(err, broken) || f.Waiting() != 2 {
		t.Errorf("%v, %d wait", err, f.Waiting())
	}
	broken = nil
	f.rest(0)
	f.rest(2 * year)
	if want := []string{id + " 2027-12-30", id + " 0001-01-01"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestAbout(t *testing.T) {
	f := open(t, nil)
	a, b := f.file("s", "spam", "a"), f.file("t", "spam", "a")
	f.decide(a, "ann", moderate.Warn)
	for _, test := range []struct {
		session  string
		suspects []string
		want     []string
	}{
		{"s", nil, []string{a}},
		{"", []string{"of-t", "under another key"}, []string{b}},
		{"s", []string{"of-t"}, []string{a, b}},
		{"", []string{"a"}, nil}, // who reported is nobody that a case is about
		{"", nil, nil},
	} {
		if list, err := f.About(test.session, test.suspects); err != nil || !slices.Equal(ids(list), test.want) {
			t.Errorf("about %s, %v: %v, %v; want %v", test.session, test.suspects, ids(list), err, test.want)
		}
	}
}
