package filter

import "testing"

func TestFold(t *testing.T) {
	var f folded
	for _, test := range []struct{ line, want string }{
		{"Hello, World", "hello, world"},
		{"ＥＸＡＭＰＬＥ．ＣＯＭ", "example.com"},
		{"еxаmрlе.соm", "example.com"}, // Cyrillic е, а, р, с, о
		{"ex\u200bam\u00adple\ufeff.com", "example.com"},
		{"e\u0301x\u0308ample", "example"},
		{"éxämple", "example"},
		{"𝓼𝓷𝓪𝓹", "snap"},
		{"Ⓢⓝⓐⓟ", "snap"},
		{"🅢🅝🅐🅟 🆂🅽🅰🅿", "snap snap"},
		{"🇸🇳🇦🇵", "snap"},
		{"ﬁne", "fine"},
		{"s n a p", "snap"},
		{"my s n a p is a b", "my snap is a b"},
		{"U S A", "u s a"},
		{"f.u.c.k-it", "fuck-it"},
		{"f-u-c-k", "fuck"},
		{"e.x.a.m.com", "exam.com"},
		{"1.2.3.4", "1.2.3.4"},
		{"a.b.c", "a.b.c"},
		{"a-b-c-defg", "a-b-c-defg"},
		{"w h a t . i s", "what.is"},
		{"h t t p : / / x . c o m ok", "http://x.com ok"},
		{"a\nb\u00a0c", "a b c"},
		{"пример", "пpимep"},
		{"한국어", "한국어"},
		{"日本。jp", "日本.jp"},
		{"1️⃣2️⃣", "12"},
		{"", ""},
		{"\u200b", ""},
	} {
		f.fold(test.line)
		if got := string(f.text); got != test.want {
			t.Errorf("fold(%q) = %q, want %q", test.line, got, test.want)
		}
		if len(f.at) != len(f.text)+1 || int(f.at[len(f.text)]) != len(test.line) {
			t.Errorf("fold(%q): %d places for %d bytes", test.line, len(f.at), len(f.text))
		}
		for i := range f.text {
			if f.at[i] > f.at[i+1] {
				t.Errorf("fold(%q): places go back at %d", test.line, i)
			}
		}
	}
}

// A span is made of whole characters, with what cannot be seen in it.
func TestSpan(t *testing.T) {
	var f folded
	line := "a ﬁ\u200bne b"
	f.fold(line)
	from, to := f.span(2, 3) // the f of a ligature
	if got := line[from:to]; got != "ﬁ\u200b" {
		t.Errorf("span = %q", got)
	}
}
