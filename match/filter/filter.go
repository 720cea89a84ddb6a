package filter

import (
	"net/netip"
	"time"
	"unicode"
	"unicode/utf8"
)

// Policy is what becomes of a line with something in it. The zero value is
// Allow.
type Policy int

// The policies.
const (
	Allow Policy = iota
	Mask
	Reject
)

// Options of a Filter. The zero value lets everything pass.
type Options struct {
	Links    Policy
	Contacts Policy // e-mail addresses, telephone numbers, names on other sites
	Words    Policy
	List     *Words // nil: DefaultWords

	// Repeats is in how many chats of 10 minutes a speaker may give the same link or
	// contact; a long line without one, in twice as many; all speakers together, in
	// four times as many. 0: any number.
	Repeats int

	MuteAfter int           // strikes within an hour; 0: never
	MuteFor   time.Duration // from then on
	BanAfter  int           // strikes within an hour; 0: never
	BanFor    time.Duration // 0: for whoever makes the ban to say

	Key [32]byte // of the fingerprints; random, and kept nowhere else, or that of all filters of a site

	Common Common // nil: there are no other filters
}

// MostStrikes is how many strikes of an address matter.
func (o Options) MostStrikes() int { return mostStrikes(o.MuteAfter, o.BanAfter) }

// Outcome is what becomes of a line.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	MaskedOut Outcome = "masked" // delivered, without parts of it
	Rejected  Outcome = "rejected"
)

// Reason is why a line was not delivered as it was.
type Reason string

// The reasons.
const (
	NoReason Reason = "none"
	Link     Reason = "link"
	Contact  Reason = "contact"
	Word     Reason = "word"
	Repeated Reason = "repeated" // said in too many chats
	Muted    Reason = "muted"
)

// kinds is how many kinds there are.
const kinds = 3

// reasons are what each kind is as a reason.
var reasons = [kinds]Reason{link: Link, contact: Contact, word: Word}

// Outcomes returns every outcome with every reason that it can have.
func Outcomes() map[Outcome][]Reason {
	return map[Outcome][]Reason{
		Delivered: {NoReason},
		MaskedOut: {Link, Contact, Word},
		Rejected:  {Link, Contact, Word, Repeated, Muted},
	}
}

// Line is a line of chat, and whose it is.
type Line struct {
	Body    string
	Chat    [16]byte     // which chat it is for
	Session [16]byte     // who says it
	Source  netip.Prefix // where they are: what counts as one address
	At      time.Time
}

// Verdict is what becomes of a line.
type Verdict struct {
	Outcome Outcome
	Reason  Reason        // the weightiest
	Body    string        // what to deliver; empty if it was rejected
	Until   time.Time     // Muted: when the mute ends
	Struck  bool          // this line is a strike
	Mute    time.Time     // not zero: this line brought a mute until then
	Ban     bool          // this line brought a ban,
	BanFor  time.Duration // of that length: Options.BanFor
}

// Filter judges lines. Make one with New. It is safe for concurrent use; what it
// keeps is bounded.
type Filter struct {
	policies [kinds]Policy
	words    *Words // nil: none are looked for
	searches bool   // whether anything is to be found
	limit    int    // chats in which a link or contact may be given; 0: any number
	repeats  *repeats
	common   Common
	strikes  *strikes
	banFor   time.Duration
}

// New makes a filter.
func New(o Options) *Filter {
	return newFilter(o, newRepeats(o.Key), newStrikes(o.MuteAfter, o.BanAfter, o.MuteFor))
}

// With returns a filter with other options, but for the Key, that knows what f does
// and shares it: both may be used at the same time.
func (f *Filter) With(o Options) *Filter {
	return newFilter(o, f.repeats, &strikes{o.MuteAfter, o.BanAfter, o.MuteFor, f.strikes.struck})
}

func newFilter(o Options, repeats *repeats, strikes *strikes) *Filter {
	f := &Filter{
		policies: [kinds]Policy{link: o.Links, contact: o.Contacts, word: o.Words},
		searches: o.Links != Allow || o.Contacts != Allow || o.Words != Allow || o.Repeats > 0,
		limit:    o.Repeats,
		repeats:  repeats,
		common:   o.Common,
		strikes:  strikes,
		banFor:   o.BanFor,
	}
	if o.Words != Allow {
		if f.words = o.List; f.words == nil {
			f.words = DefaultWords()
		}
	}
	return f
}

// Check judges a line. A line said in too many chats is rejected whatever the
// policies are. That, if the speaker alone did it, and a rejected link are
// strikes; words and contacts are not.
func (f *Filter) Check(line Line) Verdict {
	if until := f.strikes.muted(line.Source, line.At); !until.IsZero() {
		return Verdict{Outcome: Rejected, Reason: Muted, Until: until}
	}
	if !f.searches {
		return Verdict{Outcome: Delivered, Reason: NoReason, Body: line.Body}
	}
	d := finders.Get().(*finder)
	defer d.release()
	hits := d.find(line.Body, f.words)
	if own, site := f.repeated(d, &line); own || site {
		return f.reject(line, Repeated, own)
	}
	reason, policy := f.worst(hits)
	switch policy {
	case Reject:
		return f.reject(line, reason, reason == Link)
	case Allow:
		return Verdict{Outcome: Delivered, Reason: NoReason, Body: line.Body}
	}
	body, ok := f.mask(d, line.Body, hits)
	if !ok {
		return f.reject(line, reason, reason == Link)
	}
	return Verdict{Outcome: MaskedOut, Reason: reason, Body: body}
}

// Learn takes note of the strikes that an address has at other filters of the site and at this
// one: how long ago each was, the oldest first. Of the strikes here the last, so many, are
// not among those. It brings the mutes that would have come here, and no ban: that
// comes with the next strike.
func (f *Filter) Learn(source netip.Prefix, ago []time.Duration, beside int, now time.Time) {
	f.strikes.learn(source, ago, beside, now)
}

// Refuses reports whether a name that strangers get to see, such as an interest,
// has something in it that is not allowed in a line, and what.
func (f *Filter) Refuses(name string) (Reason, bool) {
	if !f.searches {
		return NoReason, false
	}
	d := finders.Get().(*finder)
	defer d.release()
	reason, policy := f.worst(d.find(name, f.words))
	return reason, policy != Allow
}

// worst returns the strictest policy that applies, and the first kind that it
// applies for.
func (f *Filter) worst(hits []found) (Reason, Policy) {
	reason, policy, first := NoReason, Allow, kind(kinds)
	for _, h := range hits {
		if p := f.policies[h.kind]; p > policy || p == policy && p != Allow && h.kind < first {
			reason, policy, first = reasons[h.kind], p, h.kind
		}
	}
	return reason, policy
}

// mask takes out what is to be masked, until nothing is found any more. It
// reports whether that succeeded.
func (f *Filter) mask(d *finder, body string, hits []found) (string, bool) {
	const rounds = 4
	for range rounds {
		body = masked(body, hits, f.policies)
		hits = d.find(body, f.words)
		switch _, policy := f.worst(hits); policy {
		case Allow:
			return body, true
		case Reject:
			return "", false
		}
	}
	return "", false
}

func (f *Filter) reject(line Line, reason Reason, strike bool) Verdict {
	v := Verdict{Outcome: Rejected, Reason: reason}
	if !strike {
		return v
	}
	until, ban := f.strikes.strike(line.Source, line.At)
	v.Struck = true
	if v.Mute = until; ban {
		v.Ban, v.BanFor = true, f.banFor
	}
	return v
}

// repeated notes what is said, and reports whether this speaker, or the whole
// site, has said it in too many chats.
func (f *Filter) repeated(d *finder, line *Line) (own, site bool) {
	limit := f.limit
	if limit == 0 {
		return false, false
	}
	found := false
	d.sayings = d.sayings[:0]
	for _, h := range d.hits {
		if h.kind == word || h.key == "" {
			continue
		}
		found = true
		key := append([]byte{byte(h.kind)}, h.key...)
		d.sayings = f.repeats.bySpeaker(d.sayings, key, line, limit)
		d.sayings = f.repeats.byAll(d.sayings, key, siteTimes*limit)
	}
	letters, n := d.letters()
	switch {
	case found && n >= minLettersFound:
		d.sayings = f.repeats.bySpeaker(d.sayings, letters, line, limit)
		d.sayings = f.repeats.byAll(d.sayings, letters, siteTimes*limit)
	case !found && n >= minLetters:
		d.sayings = f.repeats.bySpeaker(d.sayings, letters, line, plainTimes*limit)
	}
	f.repeats.say(d.sayings, line)
	if f.common != nil {
		f.repeats.share(f.common, d.sayings, found, line.At)
	}
	for _, s := range d.sayings {
		if s.chats > s.limit {
			own, site = own || s.scope != bySite, site || s.scope == bySite
		}
	}
	return own, site
}

// letters returns the letters of the line outside of links and contacts, and how
// many there are: digits, signs, spaces and letters said twice make no other line.
func (d *finder) letters() (letters []byte, n int) {
	letters = append(d.said[:0], byte(kinds))
	hits, last := d.hits, rune(0)
	letter := func(i int) bool { return i >= 0 && i < len(d.text) && d.text[i] >= 'a' }
	for i := 0; i < len(d.text); {
		r, size := utf8.DecodeRune(d.text[i:])
		if to := leet[d.text[i]]; to != 0 && letter(i-1) && letter(i+1) {
			r = rune(to)
		}
		at := int(d.at[i])
		for len(hits) > 0 && at >= hits[0].to {
			hits = hits[1:]
		}
		inside := len(hits) > 0 && at >= hits[0].from && hits[0].kind != word
		if !inside && r != last && unicode.IsLetter(r) {
			letters = utf8.AppendRune(letters, r)
			last = r
			n++
		}
		i += size
	}
	d.said = letters
	return letters, n
}

// Forget forgets the fingerprints of what has not been said for 10 minutes, and
// who has no strike and no mute any more. Call it every minute or so.
func (f *Filter) Forget(now time.Time) {
	f.repeats.forget(now)
	f.strikes.forget(now)
}

// Stats are what the filter keeps, and what it could not keep, since its start.
type Stats struct {
	Fingerprints int
	Evicted      uint64 // fingerprints and strikes forgotten before their time: more were there than is kept
}

// Stats returns the counts of this moment.
func (f *Filter) Stats() Stats {
	entries, evicted := f.repeats.stats()
	f.strikes.mu.Lock()
	defer f.strikes.mu.Unlock()
	return Stats{Fingerprints: entries, Evicted: evicted + f.strikes.sources.Evicted()}
}
