package filter

import (
	"strings"
	"testing"
)

func TestSiteWords(t *testing.T) {
	words, err := ReadWords("words.txt", strings.NewReader("# ours\n\nFrobnicate\nkill yourself\n ёлка \n傻逼\n!cock\n!ass\n"))
	if err != nil {
		t.Fatal(err)
	}
	f := New(Options{Words: Reject, List: words})
	for line, want := range map[string]Outcome{
		"do not frobnicate": Rejected, "FROBNICATES!": Rejected, "fr0bn1cate": Rejected, "frobnication": Delivered,
		"go kill  yourself now": Rejected, "kill it yourself": Delivered, "kill": Delivered, "K1ll.yourself": Rejected,
		"ёлка": Rejected, "ёлки": Delivered, "你傻逼吗": Rejected,
		"the cock crows": Delivered, "you ass": Delivered, "cocks": Rejected, "fuck": Rejected,
	} {
		if v := f.Check(Line{Body: line}); v.Outcome != want {
			t.Errorf("%q: %+v, want %s", line, v, want)
		}
	}
}

func TestBadWordsFile(t *testing.T) {
	for _, test := range []struct{ text, place, remedy string }{
		{"fine\nx\n", "words.txt:2: ", "too few letters"},
		{"!\n", "words.txt:1: ", "too few letters"},
		{"fine\n\n!two words\n", "words.txt:3: ", "one by one"},
		{"...\n", "words.txt:1: ", "too few letters"},
		{"\xff\xfe\n", "words.txt:1: ", "UTF-8"},
		{strings.Repeat("x", 101) + "\n", "words.txt:1: ", "at most 100"},
		{strings.Repeat("ok\n", maxEntries) + "over\n", "words.txt:50001: ", "shorten"},
		{"ok\n" + strings.Repeat("x", 100_000), "words.txt:2: ", "too long"},
	} {
		_, err := ReadWords("words.txt", strings.NewReader(test.text))
		if err == nil || !strings.HasPrefix(err.Error(), test.place) || !strings.Contains(err.Error(), test.remedy) {
			t.Errorf("%.20q: %v, want %s… %s", test.text, err, test.place, test.remedy)
		}
	}
}
