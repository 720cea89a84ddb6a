package disclosure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/disclosure"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

const session = "fvk7zq2m5xjd3thn6bwy4lcs2a"

func order() disclosure.Ask {
	return disclosure.Ask{Session: session, From: now.Add(-3 * time.Hour), To: now.Add(-time.Hour), Authority: "Police of Example", Reference: "5 C 12/26"}
}

func TestAsk(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*disclosure.Ask)
		want   string // "": it is valid
	}{
		"an order":         {func(*disclosure.Ask) {}, ""},
		"IPv6":             {func(a *disclosure.Ask) { a.Session, a.Address = "", "2001:db8::1" }, ""},
		"neither":          {func(a *disclosure.Ask) { a.Session = "" }, "one of --session and --address"},
		"both":             {func(a *disclosure.Ask) { a.Address = "203.0.113.7" }, "one of --session and --address"},
		"no session":       {func(a *disclosure.Ask) { a.Session = "../../etc/passwd" }, "--session is"},
		"a prefix":         {func(a *disclosure.Ask) { a.Session, a.Address = "", "203.0.113.0/24" }, "--address is"},
		"a zone":           {func(a *disclosure.Ask) { a.Session, a.Address = "", "fe80::1%eth0" }, "--address is"},
		"no from":          {func(a *disclosure.Ask) { a.From = time.Time{} }, "--from is missing"},
		"no to":            {func(a *disclosure.Ask) { a.To = time.Time{} }, "--to is missing"},
		"wrong order":      {func(a *disclosure.Ask) { a.From, a.To = a.To, a.From }, "swap them"},
		"the future":       {func(a *disclosure.Ask) { a.To = now.Add(time.Second) }, "--to 2026-11-29T12:00:01Z is in the future"},
		"too long":         {func(a *disclosure.Ask) { a.From = a.To.Add(-disclosure.LongestSpan - 1) }, "more than 92 days"},
		"no authority":     {func(a *disclosure.Ask) { a.Authority = " " }, "--authority is missing"},
		"no reference":     {func(a *disclosure.Ask) { a.Reference = "" }, "--reference is missing; give the number of their order, or, where life is in danger, --emergency"},
		"an emergency":     {func(a *disclosure.Ask) { a.Reference, a.Emergency = "", true }, ""},
		"a line break":     {func(a *disclosure.Ask) { a.Authority = "Police\nMade: never" }, "are no text"},
		"a long reference": {func(a *disclosure.Ask) { a.Reference = strings.Repeat("ä", 201) }, "more than 200 characters"},
		"an unknown part":  {func(a *disclosure.Ask) { a.Include = []disclosure.Part{"chats"} }, "write events, bans or reports"},
		"a part twice":     {func(a *disclosure.Ask) { a.Include = []disclosure.Part{"bans", "bans"} }, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			a := order()
			test.change(&a)
			err := a.Validate(now)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
