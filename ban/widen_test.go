package ban_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestWiden(t *testing.T) {
	f := open(t)
	entry := func(target string) ban.Entry {
		return ban.Entry{Target: parse(t, target), Reason: "spam", By: "root", Until: f.Now().Add(7 * 24 * time.Hour)}
	}
	add := func(e ban.Entry) []ban.Ban {
		t.Helper()
		plan, err := f.Plan([]ban.Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		made, err := f.AddAll([]ban.Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Widened) != len(made.Widened) {
			t.Errorf("planned %+v, made %+v", plan.Widened, made.Widened)
		}
		return made.Widened
	}
	none := func(why string, widened []ban.Ban) {
		t.Helper()
		if len(widened) != 0 {
			t.Errorf("%s: widened to %+v", why, widened)
		}
	}
	shared, imported, video := entry("2001:db8:1:1::1"), entry("2001:db8:1:2::1"), entry("2001:db8:1:3::1")
	shared.Shared, imported.Imported, video.Scope = true, true, ban.ScopeVideo
	none("one", add(entry("2001:db8:1:4::1")))
	none("the same again", add(entry("2001:db8:1:4::2")))
	none("of another scope", add(video))
	none("of another /56", add(entry("2001:db8:1:104::1")))
	none("two", add(entry("2001:db8:1:5::1")))
	none("three, but shared by many", add(shared)) // counts as a neighbour of later ones
	got := add(entry("2001:db8:1:6::1"))
	if len(got) != 1 || got[0].Prefix.String() != "2001:db8:1::/56" || got[0].By != "auto:widen" || !got[0].Until.Equal(noon.Add(24*time.Hour)) || got[0].Reason != "spam" {
		t.Fatalf("widened to %+v, want 2001:db8:1::/56 for a day", got)
	}
	if !f.banned("2001:db8:1:ff::1") || f.banned("2001:db8:1:100::1") {
		t.Error("the /56 is not what is banned")
	}
	none("more of the same", add(entry("2001:db8:1:7::1")))
	none("out of a list", add(imported))
	for _, net := range []int{0x200, 0x300} { // two more /56s: all of the /48
		for i := range 3 {
			got = add(entry(fmt.Sprintf("2001:db8:1:%x::1", net+i)))
		}
	}
	if len(got) != 2 || got[0].Prefix.String() != "2001:db8:1:300::/56" || got[1].Prefix.String() != "2001:db8:1::/48" {
		t.Fatalf("widened to %+v, want the third /56 and the /48", got)
	}
	f.Advance(25 * time.Hour)
	if f.banned("2001:db8:1:ff::1") || !f.banned("2001:db8:1:4::1") {
		t.Error("what was widened is not over, or the rest is")
	}
	got = add(entry("2001:db8:1:8::1")) // the neighbours are still there
	if len(got) != 1 || got[0].Prefix.String() != "2001:db8:1::/56" {
		t.Errorf("widened to %+v, want the /56 again", got)
	}
}
