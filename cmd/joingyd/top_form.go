package main

import (
	"fmt"
	"strings"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ident"
)

// banForm is what joingyd top asks before a ban.
type banForm struct {
	banChoice
	field banField // that keys go to
}

// banChoice is what was chosen.
type banChoice struct {
	lasts  int // in banTimes
	reason string
	shared bool // and then it lasts as long as the daemon says
}

// banField is a line of the form.
type banField int

const (
	fieldLasts banField = iota
	fieldReason
	fieldShared
	banFields // how many there are
)

// permanently is the time that has no end.
const permanently = "permanent"

// banTimes are how long a ban may last.
var banTimes = []string{"1h", "24h", "7d", "30d", permanently}

// newBanForm proposes a day.
func newBanForm() banForm { return banForm{banChoice: banChoice{lasts: 1}} }

// request is the ban on the session that was chosen.
func (c banChoice) request(session ident.Session) admin.BanRequest {
	req := admin.BanRequest{Session: session.String(), Reason: strings.TrimSpace(c.reason), Shared: c.shared}
	switch lasts := banTimes[c.lasts]; {
	case c.shared:
	case lasts == permanently:
		req.Permanent = true
	default:
		req.For = lasts
	}
	return req
}

// key does what a key means in the form, but for text.
func (f banForm) key(name string) banForm {
	switch name {
	case "tab", "down":
		f.field = (f.field + 1) % banFields
	case "shift+tab", "up":
		f.field = (f.field + banFields - 1) % banFields
	case "left":
		f = f.choose(-1)
	case "right":
		f = f.choose(1)
	case "backspace":
		if f.field == fieldReason {
			f.reason = withoutLast(f.reason)
		}
	}
	return f
}

// choose goes to the next value of the field, or the one before.
func (f banForm) choose(by int) banForm {
	switch f.field {
	case fieldLasts:
		f.lasts = max(0, min(f.lasts+by, len(banTimes)-1))
	case fieldShared:
		f.shared = by > 0
	}
	return f
}

// text draws the form.
func (f banForm) text(target admin.Session) string {
	marks := [banFields]string{" ", " ", " "}
	marks[f.field] = ">"
	lasts, shared, caret := choices(banTimes, f.lasts), 0, ""
	if f.shared {
		lasts, shared = "as short as bans.shared_for says", 1
	}
	if f.field == fieldReason {
		caret = "_"
	}
	return fmt.Sprintf(`Ban %s: every address that it used (%d)

%s for     %s
%s reason  %s%s
          the visitor is shown it
%s shared  %s
          by many, as behind a carrier's NAT or in a school`,
		target.ID, target.Addresses, marks[fieldLasts], lasts, marks[fieldReason], f.reason, caret,
		marks[fieldShared], choices([]string{"no", "yes"}, shared))
}

// choices shows the words, and which is chosen.
func choices(words []string, chosen int) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = " " + word + " "
		if i == chosen {
			texts[i] = "[" + word + "]"
		}
	}
	return strings.TrimRight(strings.Join(texts, " "), " ")
}

// mostPlanned is how many bans of one plan are shown.
const mostPlanned = 4

// planText tells what the ban would do, before it is made: what joingyd ban
// --dry-run tells.
func (m topModel) planText() string {
	plan, more := m.plan, len(m.plan.Also)+1-mostPlanned
	if more > 0 {
		plan.Also = plan.Also[:mostPlanned-1]
	}
	var effect strings.Builder
	_ = printBan(&effect, m.form.request(m.target.ID), plan, true, m.now) // a Builder takes everything
	text := fmt.Sprintf("Ban %s\n\n%s", m.target.ID, effect.String())
	if more > 0 {
		text += fmt.Sprintf("and %s more of the same\n", count(more, "ban"))
	}
	if reason := harmless(m.plan.Ban.Reason); reason != "" {
		text += "the visitor would be told: " + reason + "\n"
	}
	return text + "\nDo it?"
}
