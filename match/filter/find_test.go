package filter

import (
	"strings"
	"testing"
)

// A part that must be found is in brackets: ⟦…⟧.
func TestLinksAreFound(t *testing.T) {
	testFinds(t, Link, []string{
		"⟦http://example.com⟧", "look ⟦https://example.com/a?b=c#d⟧ ok", "(⟦https://example.com/x⟧)", "⟦HTTPS://EXAMPLE.COM⟧!", "⟦hxxp://example.com⟧",
		"⟦ftp://example.com/file⟧", "⟦tg://resolve?domain=x⟧", "⟦magnet://x⟧", "⟦h t t p : / / e x a m p l e . c o m⟧", "⟦h t t p s : / / x . y⟧",
		"see ⟦example.com⟧.", "⟦www.example.com⟧", "⟦www.example.love⟧", "⟦www example com⟧ now", "⟦example.com/path⟧, ok", "⟦sub.example.co.uk⟧ is it", "⟦example.com:8080⟧",
		"⟦example.com⟧.how are you", "⟦hi.example.com⟧", "visit ⟦mysite.love⟧", "my site: ⟦cool.pics⟧", "go to ⟦girls.live⟧",
		"⟦example dot com⟧", "⟦example (dot) com⟧", "⟦example[.]com⟧", "⟦example {dot} com⟧", "⟦example d0t com⟧", "⟦example . com⟧", "⟦example .com⟧", "⟦example(.)love⟧",
		"⟦t.me/abc⟧", "⟦t dot me slash abc⟧", "⟦t.me / abc⟧", "⟦discord.gg/abc⟧", "⟦discord.gg⟧", "⟦bit.ly/x⟧", "⟦wa.me/123⟧", "⟦youtu.be/dQw4⟧", "⟦cam4u.love⟧", "⟦hot-pics.life⟧", "⟦foo.bar/baz⟧",
		"⟦192.0.2.1⟧", "⟦192.0.2.1:8080/x⟧", "⟦2001:db8::1⟧ here", "⟦пример.рф⟧", "⟦münchen.de/x⟧", "⟦xn--e1afmkfd.xn--p1ai⟧", "⟦例え.jp⟧", "⟦ｅｘａｍｐｌｅ．ｃｏｍ⟧", "⟦еxаmplе.соm⟧",
		"⟦ex\u200bample.c\u200bom⟧", "⟦e.x.a.m.p.l.e.com⟧", "⟦e x a m p l e . c o m⟧ ok", "⟦example。com⟧", "⟦𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦⟧", "⟦ⓔⓧⓐⓜⓟⓛⓔ.ⓒⓞⓜ⟧", "⟦abcdef.onion⟧",
		"one ⟦a.com⟧ two ⟦b.org⟧",
	})
}

func TestContactsAreFound(t *testing.T) {
	testFinds(t, Contact, []string{
		"⟦foo@example.com⟧", "mail ⟦foo.bar+x@example.co.uk⟧ please", "⟦foo @ example.com⟧", "⟦foo (at) example (dot) com⟧", "⟦foo at gmail dot com⟧", "⟦foo[at]gmail⟧", "⟦foo at gmail com⟧", "⟦foo@gmail⟧",
		"⟦+49 170 1234567⟧", "⟦(555) 123-4567⟧", "⟦555-123-4567⟧", "⟦07700 900123⟧", "call me ⟦5551234⟧", "⟦0176/98765432⟧", "⟦5 5 5 1 2 9 4 5 6 7⟧", "⟦five five five one two nine four⟧", "⟦５５５ １２９ ４５６７⟧",
		"⟦@foo_bar⟧", "i am ⟦@foobar⟧!", "⟦@ foo_99⟧", "⟦foobar#1234⟧",
		"⟦snap: foo⟧", "⟦Snap : lisa⟧", "⟦sc: lisa⟧", "my ⟦insta = lisa⟧", "⟦kik - lisaxx⟧", "tg ⟦@lisa⟧", "telegram ⟦@lisa⟧", "⟦tg lisa99x⟧", "my ⟦snapchat is lisa_99⟧", "my ⟦ig name is lisa99x⟧", "⟦insta name: lisa⟧",
		"⟦add me on insta lisa⟧", "⟦add me on snap: lisa⟧", "⟦hmu on kik lisaxx⟧", "⟦add me on snap its lisa_99⟧", "⟦kik me lisa22x⟧", "⟦add my snap lisaxx⟧", "⟦find me on telegram lisaxx⟧", "⟦text me on whatsapp lisaxx⟧",
		"⟦im lisa_99 on snap⟧", "⟦s n a p : lisa⟧", "⟦sn4p: lisa⟧", "⟦1nsta: lisa⟧", "⟦ＳＮＡＰ： lisa⟧", "⟦ѕnар: lisa⟧", "⟦🇸🇳🇦🇵: lisa⟧", "⟦in$ta: lisa⟧",
	})
}

func TestWordsAreFound(t *testing.T) {
	testFinds(t, Word, []string{
		"⟦fuck⟧ you", "⟦FUCK⟧", "un⟦fuck⟧ing", "⟦f u c k⟧ you", "⟦fuuuuck⟧", "⟦fück⟧", "⟦fuсk⟧", "⟦sh1t⟧", "⟦$h1t⟧", "⟦a$$⟧", "you ⟦ass⟧!", "⟦asshole⟧s", "bull⟦shit⟧", "⟦b1tch⟧es", "⟦ｆｕｃｋ⟧", "⟦fu\u200bck⟧", "⟦dumbass⟧", "⟦f.u.c.k⟧ it", "⟦f-u-c-k⟧", "⟦f_u_c_k⟧", "⟦f*ck⟧", "⟦phuck⟧", "⟦cocks⟧",
	})
}

// testFinds rejects each line for the reason, and masks what is in brackets.
func testFinds(t *testing.T, reason Reason, lines []string) {
	t.Helper()
	rejecting := strict()
	masking := New(Options{Links: Mask, Contacts: Mask, Words: Mask})
	for _, marked := range lines {
		line := strings.NewReplacer("⟦", "", "⟧", "").Replace(marked)
		if v := rejecting.Check(Line{Body: line}); v.Outcome != Rejected || v.Reason != reason || v.Body != "" {
			t.Errorf("%q: %+v", line, v)
			continue
		}
		want := ""
		for rest := marked; rest != ""; {
			before, after, found := strings.Cut(rest, "⟦")
			want += before
			if found {
				want += Masked
			}
			_, rest, _ = strings.Cut(after, "⟧")
		}
		if v := masking.Check(Line{Body: line}); v.Outcome != MaskedOut || v.Reason != reason || v.Body != want {
			t.Errorf("%q: %s %s %q, want %q", line, v.Outcome, v.Reason, v.Body, want)
		}
	}
}
