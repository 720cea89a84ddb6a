package filter

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/recent"
)

func TestStepsFromStrikeToBan(t *testing.T) {
	s := newSpeaker(Options{Links: Reject, MuteAfter: 2, MuteFor: time.Minute, BanAfter: 5, BanFor: time.Hour})
	for strike := 1; strike <= 5; strike++ {
		v := s.like(byte(strike), "192.0.2.1/32").say("t.me/foo") // a new session each
		if v.Outcome != Rejected || v.Reason != Link {
			t.Fatalf("strike %d: %+v", strike, v)
		}
		if got, want := v.Mute, s.now.Add(time.Minute); (strike%2 == 0) != got.Equal(want) {
			t.Errorf("strike %d: mute until %v", strike, got)
		}
		if v.Ban != (strike == 5) || v.Ban != (v.BanFor == time.Hour) {
			t.Errorf("strike %d: ban %v for %v", strike, v.Ban, v.BanFor)
		}
		if strike%2 != 0 {
			continue
		}
		until := v.Mute
		if v := s.say("hello"); v.Outcome != Rejected || v.Reason != Muted || !v.Until.Equal(until) {
			t.Errorf("while muted: %+v", v)
		}
		if v := s.like(9, "192.0.2.2/32").say("hello"); v.Outcome != Delivered {
			t.Errorf("somebody else: %+v", v)
		}
		*s.now = until.Add(-time.Second) // saying adds one
		if v := s.say("hello"); v.Outcome != Delivered {
			t.Errorf("after the mute: %+v", v)
		}
	}
	if v := s.say("t.me/foo"); !v.Mute.IsZero() || v.Ban {
		t.Errorf("first strike after the ban: %+v", v)
	}
}

func TestStrikesExpire(t *testing.T) {
	s := newSpeaker(Options{Links: Reject, MuteAfter: 2, MuteFor: time.Minute})
	for range 4 {
		if v := s.say("t.me/foo"); !v.Mute.IsZero() {
			t.Errorf("muted: %+v", v)
		}
		*s.now = s.now.Add(StrikeLife)
	}
}

// A word or a contact is no strike, and a step of 0 never comes.
func TestWhatIsNoStrike(t *testing.T) {
	s := newSpeaker(Options{Contacts: Reject, Words: Reject, MuteAfter: 1, BanAfter: 1, BanFor: time.Hour, MuteFor: time.Minute})
	for _, body := range []string{"fuck", "snap: lisa"} {
		if v := s.say(body); v.Outcome != Rejected || !v.Mute.IsZero() || v.Ban {
			t.Errorf("%q: %+v", body, v)
		}
	}
	s = newSpeaker(Options{Links: Reject, MuteFor: time.Minute})
	for range 50 {
		if v := s.say("t.me/foo"); v.Reason != Link || !v.Mute.IsZero() || v.Ban {
			t.Errorf("%+v", v)
		}
	}
	s = newSpeaker(Options{Links: Mask, MuteAfter: 1, BanAfter: 1, BanFor: time.Hour})
	if v := s.say("t.me/foo"); v.Outcome != MaskedOut || !v.Mute.IsZero() || v.Ban {
		t.Errorf("masked: %+v", v)
	}
}

func TestStrikesAreBounded(t *testing.T) {
	s := newStrikes(2, 0, time.Minute)
	s.sources = recent.New[netip.Prefix, source](10)
	now := time.Unix(1_000_000, 0)
	for i := range 15 {
		s.strike(netip.MustParsePrefix(fmt.Sprintf("192.0.2.%d/32", i)), now)
	}
	if s.sources.Len() != 10 || s.sources.Evicted() != 5 {
		t.Errorf("%d sources, %d evicted", s.sources.Len(), s.sources.Evicted())
	}
	for range 100 { // nobody bans: the strikes of one stay few
		s.strike(netip.MustParsePrefix("192.0.2.1/32"), now)
	}
	if n := len(s.sources.Get(netip.MustParsePrefix("192.0.2.1/32")).strikes); n > 4 {
		t.Errorf("%d strikes kept", n)
	}
	s.forget(now.Add(StrikeLife - 1))
	if s.sources.Len() != 10 {
		t.Errorf("%d sources before an hour has passed", s.sources.Len())
	}
	s.forget(now.Add(StrikeLife))
	if s.sources.Len() != 0 {
		t.Errorf("%d sources after an hour", s.sources.Len())
	}
}

// A filter with other options knows what the one before does.
func TestWithKnowsWhatWasSaid(t *testing.T) {
	s := newSpeaker(Options{Links: Reject, MuteAfter: 3, MuteFor: time.Minute, Repeats: 3})
	s.say("t.me/foo")
	s.say("t.me/foo")
	s.f = s.f.With(Options{Links: Mask, MuteAfter: 3, MuteFor: time.Hour, Repeats: 2})
	if v := s.say("t.me/bar"); v.Outcome != MaskedOut {
		t.Errorf("the new policy: %+v", v)
	}
	v := s.say("t.me/foo") // in a third chat, and a third strike
	if v.Reason != Repeated || v.Mute.Sub(*s.now) < 59*time.Minute {
		t.Errorf("the new limits: %+v at %v", v, *s.now)
	}
	if v := s.say("hello"); v.Reason != Muted {
		t.Errorf("after the mute: %+v", v)
	}
}

// Strikes at other filters of the site count as if they had been here, each once.
func TestStrikesElsewhere(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	s := newStrikes(3, 5, time.Minute)
	addr := netip.MustParsePrefix("192.0.2.1/32")
	muted := func() bool { return !s.muted(addr, now).IsZero() }
	ago := func(list ...time.Duration) []time.Duration { return list }

	s.strike(addr, now)
	s.learn(addr, ago(0), 0, now) // its own, told
	s.learn(addr, ago(), 1, now)  // or not yet
	s.learn(addr, ago(time.Second, 0), 0, now)
	if muted() {
		t.Error("muted after two")
	}
	s.learn(addr, ago(2*time.Second, time.Second, 0), 0, now)
	if !muted() {
		t.Error("not muted after three")
	}
	now = now.Add(2 * time.Minute)
	s.learn(addr, ago(2*time.Minute, 2*time.Minute, 2*time.Minute), 0, now)
	if muted() {
		t.Error("muted again for the same strikes")
	}
	if until, ban := s.strike(addr, now); !until.IsZero() || ban {
		t.Errorf("the fourth: %v, %v", until, ban)
	}
	if _, ban := s.strike(addr, now); !ban {
		t.Error("the fifth, of which two were here: no ban")
	}
	muting := newStrikes(3, 0, time.Minute)
	muting.learn(addr, ago(0, 0, 0, 0, 0, 0), 0, now)
	if !muting.muted(addr, now).IsZero() {
		t.Error("muted for strikes of which the site has forgotten some")
	}
	none := newStrikes(0, 0, 0)
	none.learn(addr, ago(0, 0, 0), 0, now)
	if _, ban := none.strike(addr, now); ban || !none.muted(addr, now).IsZero() {
		t.Error("strikes count where none do")
	}
}
