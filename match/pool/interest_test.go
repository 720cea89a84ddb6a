package pool

import (
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"Chess", "chess"}, {"  hip \t hop ", "hip hop"}, {"ＪＡＺＺ", "jazz"}, {"Straße", "strasse"}, {"CAFÉ", "café"}, {"Ⅻ", "xii"},
	} {
		if got := fold(test.in); got != test.want || fold(got) != got {
			t.Errorf("fold(%q) = %q, want %q and stable", test.in, got, test.want)
		}
	}
}

func TestParseInterestsRefuses(t *testing.T) {
	eleven := make([]string, 11)
	for _, bad := range [][]string{eleven, {""}, {"   "}, {"a\x00b"}, {"123456789012345678901234567890123"}} {
		if _, err := ParseInterests(bad); err == nil {
			t.Errorf("ParseInterests(%q) succeeded", bad)
		}
	}
	got, err := ParseInterests([]string{"Go", "gO", "go "})
	if err != nil || len(got) != 1 || got[0].Shown != "Go" {
		t.Errorf("doubles: %v, %v", got, err)
	}
}

// What is too long is not folded, which takes milliseconds for the 32 KiB that a
// message may have.
func TestParseInterestsLooksAtTheLengthFirst(t *testing.T) {
	long := []string{strings.Repeat("\ufdfa", 10_000)} // NFKC: 18 characters each
	if n := testing.AllocsPerRun(10, func() { ParseInterests(long) }); n > 5 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"Chess", "ＪＡＺＺ", "ß", "İ", "ﬃ", "a\u0301", "\xf5\u037a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := fold(text)
		if twice := fold(once); twice != once {
			t.Errorf("fold is not stable: %q → %q → %q", text, once, twice)
		}
	})
}
