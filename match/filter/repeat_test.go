package filter

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/recent"
)

// speaker says lines in one chat after the other, a second each.
type speaker struct {
	f       *Filter
	session byte
	source  netip.Prefix
	now     *time.Time
	chats   *byte
}

func newSpeaker(o Options) *speaker {
	now, chats := time.Unix(1_000_000, 0), byte(0)
	return &speaker{New(o), 1, netip.MustParsePrefix("192.0.2.1/32"), &now, &chats}
}

// like returns another speaker at the same time.
func (s *speaker) like(session byte, source string) *speaker {
	other := *s
	other.session, other.source = session, netip.MustParsePrefix(source)
	return &other
}

// say says a line in a new chat.
func (s *speaker) say(body string) Verdict {
	*s.chats++
	return s.sayAgain(body)
}

// sayAgain says it in the last one.
func (s *speaker) sayAgain(body string) Verdict {
	*s.now = s.now.Add(time.Second)
	return s.f.Check(Line{Body: body, Chat: [16]byte{1, *s.chats}, Session: [16]byte{2, s.session}, Source: s.source, At: *s.now})
}

func TestRepetitionAcrossChats(t *testing.T) {
	const advert = "Come to my wonderful room and see the pictures there"
	for _, test := range []struct {
		name  string
		line  func(i int) string
		times int // in how many chats it passes, of 12; with Repeats 3
	}{
		{"a long line", func(int) string { return advert }, 6},
		{"with other digits", func(i int) string { return fmt.Sprintf("%s %d", advert, i) }, 6},
		{"with other signs and spaces", func(i int) string { return "!" + advert[:i] + " " + advert[i:] + "🎉"[:4*(i%2)] }, 6},
		{"with look-alikes and capitals", func(i int) string {
			return []string{advert, "СОМE TO MY w0nd3rful r0om and see thе pictures there"}[i%2]
		}, 6},
		{"small talk", func(int) string { return "where are you from" }, 12},
		{"digits only", func(int) string { return "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18" }, 12},
		{"different lines", func(i int) string { return advert + " " + string(rune('a'+i)) + "qr" }, 12},
		{"a link", func(int) string { return "t.me/foo" }, 3},
		{"a link in other words", func(i int) string {
			return []string{"look t.me/foo", "so t.me/foo?x=1", "T . me/foo", "https://t.me/foo", "t dot me slash foo"}[i%5]
		}, 3},
		{"other links in the same words", func(i int) string { return fmt.Sprintf("my pictures: t.me/x%d", i) }, 3},
		{"a handle", func(i int) string {
			return []string{"snap: lisa_99", "my snap is lisa_99", "add lisa_99 on snap ok"}[i%3]
		}, 3},
		{"a number", func(i int) string { return []string{"+49 170 1234567", "+491701234567", "call +49-170-1234567"}[i%3] }, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSpeaker(Options{Repeats: 3})
			for i := range 12 {
				v := s.say(test.line(i))
				if want := i < test.times; (v.Outcome == Delivered) != want || !want && v.Reason != Repeated {
					t.Fatalf("%q in chat %d: %+v", test.line(i), i+1, v)
				}
			}
		})
	}
}

func TestRepetitionIsOfChats(t *testing.T) {
	s := newSpeaker(Options{Repeats: 1})
	for range 20 {
		if v := s.sayAgain("t.me/foo"); v.Outcome != Delivered {
			t.Fatalf("in one chat: %+v", v)
		}
	}
	if v := s.say("t.me/foo"); v.Reason != Repeated {
		t.Errorf("in another: %+v", v)
	}
	*s.now = s.now.Add(RepeatWindow)
	if v := s.say("t.me/foo"); v.Outcome != Delivered {
		t.Errorf("after the window: %+v", v)
	}
}

func TestRepetitionFollowsSessionAndAddress(t *testing.T) {
	s := newSpeaker(Options{Repeats: 2})
	s.say("t.me/foo")
	if v := s.like(2, "192.0.2.1/32").say("t.me/foo"); v.Outcome != Delivered {
		t.Fatalf("%+v", v)
	}
	if v := s.like(3, "192.0.2.1/32").say("t.me/foo"); v.Reason != Repeated {
		t.Errorf("third session of the address: %+v", v)
	}
	s.say("t.me/bar")
	s.like(1, "192.0.2.2/32").say("t.me/bar")
	if v := s.like(1, "192.0.2.3/32").say("t.me/bar"); v.Reason != Repeated {
		t.Errorf("third address of the session: %+v", v)
	}
}

// What everybody says is stopped too, but is nobody's strike.
func TestRepetitionOnTheWholeSite(t *testing.T) {
	s := newSpeaker(Options{Repeats: 2, MuteAfter: 1, MuteFor: time.Minute})
	for i := range 12 {
		v := s.like(byte(i), fmt.Sprintf("192.0.2.%d/32", i)).say("t.me/foo")
		if want := i < 8; (v.Outcome == Delivered) != want || !v.Mute.IsZero() {
			t.Errorf("speaker %d: %+v", i+1, v)
		}
	}
	for i := range 12 {
		if v := s.like(byte(i), fmt.Sprintf("192.0.2.%d/32", i)).say("is it not a wonderful day for all of us here"); v.Outcome != Delivered {
			t.Errorf("a plain line of speaker %d: %+v", i+1, v)
		}
	}
}

func TestFingerprintsAreBoundedAndForgotten(t *testing.T) {
	s := newSpeaker(Options{Repeats: 1})
	s.f.repeats.entries = recent.New[fingerprint, said](30)
	for i := range 20 {
		s.say(fmt.Sprintf("t.me/foo%d", i))
	}
	if got := s.f.Stats(); got.Fingerprints != 30 || got.Evicted != 30 {
		t.Errorf("%+v", got) // three for each link
	}
	if v := s.say("t.me/foo19"); v.Reason != Repeated {
		t.Errorf("the youngest was forgotten: %+v", v)
	}
	s.f.Forget(s.now.Add(RepeatWindow))
	if got := s.f.Stats(); got.Fingerprints != 0 {
		t.Errorf("%+v", got)
	}
}

// Without the key nobody can tell what was said.
func TestFingerprintsNeedTheKey(t *testing.T) {
	a, b := newRepeats([32]byte{1}), newRepeats([32]byte{2})
	if a.print(bySite, nil, []byte("x")) == b.print(bySite, nil, []byte("x")) {
		t.Error("two keys, one fingerprint")
	}
	if first, second := a.print(bySite, nil, []byte("x")), a.print(bySite, nil, []byte("x")); first != second {
		t.Error("one key, two fingerprints")
	}
	if a.print(bySession, []byte("ab"), []byte("c")) == a.print(bySession, []byte("a"), []byte("bc")) {
		t.Error("who and what run together")
	}
}
