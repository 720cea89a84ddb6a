package filter

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestPoliciesAreOfEachKind(t *testing.T) {
	const line = "fuck, t.me/foo, snap: lisa"
	for _, test := range []struct {
		o    Options
		want Verdict
	}{
		{Options{}, Verdict{Outcome: Delivered, Reason: NoReason, Body: line}},
		{Options{Links: Mask}, Verdict{Outcome: MaskedOut, Reason: Link, Body: "fuck, ▒▒▒, snap: lisa"}},
		{Options{Contacts: Mask}, Verdict{Outcome: MaskedOut, Reason: Contact, Body: "fuck, t.me/foo, ▒▒▒"}},
		{Options{Words: Mask}, Verdict{Outcome: MaskedOut, Reason: Word, Body: "▒▒▒, t.me/foo, snap: lisa"}},
		{Options{Words: Mask, Contacts: Mask, Links: Mask}, Verdict{Outcome: MaskedOut, Reason: Link, Body: "▒▒▒, ▒▒▒, ▒▒▒"}},
		{Options{Words: Reject, Links: Mask}, Verdict{Outcome: Rejected, Reason: Word}},
		{Options{Words: Reject, Contacts: Reject}, Verdict{Outcome: Rejected, Reason: Contact}},
	} {
		if got := New(test.o).Check(Line{Body: line}); got != test.want {
			t.Errorf("%+v: %+v, want %+v", test.o, got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	f := New(Options{Links: Mask, Words: Reject})
	for name, want := range map[string]Reason{"chess": NoReason, "t.me/foo": Link, "fucking": Word, "snap: lisa": NoReason, "node.js": NoReason} {
		if reason, bad := f.Refuses(name); reason != want || bad != (want != NoReason) {
			t.Errorf("%q: %s, %v", name, reason, bad)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, line := range honest {
		f.Add(line)
	}
	for _, line := range []string{
		"a http://example.com b", "foo@example.com.t.me/x", "snap: add me on insta lisa_99", "h t t p : / / x . c o m", "example (dot) com dot org",
		"+49 170 1234567 8901234567", "f u c k @foo_bar fuuuuck", "пример.рф", "ﬁ.com", "e\u0301.com/\u200b", "t.me/fuck snap: t.me/x", "www.www.www.com", "sn4p sn4p: x",
	} {
		f.Add(line)
	}
	masking := New(Options{Links: Mask, Contacts: Mask, Words: Mask})
	rejecting := strict()
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) || len(line) > 4000 {
			return // the hub lets no such pass
		}
		v := masking.Check(Line{Body: line})
		w := rejecting.Check(Line{Body: line})
		switch v.Outcome {
		case Delivered:
			if v.Body != line || w.Outcome != Delivered {
				t.Fatalf("%q: %+v, but %+v", line, v, w)
			}
			return
		case Rejected:
			t.Fatalf("%q cannot be masked", line)
		}
		if w.Outcome != Rejected || w.Reason != v.Reason {
			t.Fatalf("%q: %+v, but %+v", line, v, w)
		}
		if !utf8.ValidString(v.Body) || !strings.Contains(v.Body, Masked) || utf8.RuneCountInString(v.Body) > utf8.RuneCountInString(line)+2 {
			t.Fatalf("%q is masked as %q", line, v.Body)
		}
		if again := masking.Check(Line{Body: v.Body}); again.Outcome != Delivered || again.Body != v.Body {
			t.Fatalf("%q is masked as %q, and that as %+v", line, v.Body, again)
		}
	})
}

const plainLine = "Yes, I know that place by the river well, we went there last summer with my brother and his dog Rex."

func BenchmarkCheck(b *testing.B) {
	cyrillic := "Да, я хорошо знаю это место у реки, мы были там прошлым летом с моим братом и его собакой по кличке "
	for name, line := range map[string]string{
		"plain": plainLine, "cyrillic": cyrillic, "link": plainLine[:80] + " see t.me/abc now", "long": strings.Repeat(plainLine, 20),
		"dots": strings.Repeat("ok.so ", 330), "handles": strings.Repeat("snap is ", 250),
	} {
		b.Run(name, func(b *testing.B) {
			f := New(Options{Links: Mask, Contacts: Mask, Words: Mask, Repeats: 5, MuteAfter: 3, BanAfter: 9, MuteFor: time.Minute})
			b.ReportAllocs()
			for b.Loop() {
				f.Check(Line{Body: line, At: time.Unix(1, 0)})
			}
		})
	}
}
