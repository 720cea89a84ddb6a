package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/privacy"
)

func TestCompletionOffersWhatIsOwed(t *testing.T) {
	operator, _ := keyFile(t)
	d := startDaemon(t, func(c *config.Config) { c.Privacy.Recipients = []string{operator} })
	request := func(kind privacy.Kind) string {
		t.Helper()
		r, err := d.requests.Add(privacy.Request{Kind: kind, By: privacy.Visitor})
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	see, erase, ended := request(privacy.Access), request(privacy.Erase), request(privacy.Access)
	if _, err := d.requests.End(ended, privacy.StateDone, "root", "two visits"); err != nil {
		t.Fatal(err)
	}
	hold, err := d.holds.Make(legalhold.Subject{Session: "s"}, time.Now().Add(48*time.Hour), "26-1402", "root", func(legalhold.Hold) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	asked := make(map[bool]string)
	for _, emergency := range []bool{false, true} {
		e, err := d.told.Begin(&disclosure.Ask{Session: "s", Authority: "Police", Emergency: emergency}, nil, "ann", func(disclosure.Entry) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		asked[emergency] = e.ID
	}
	for _, tt := range []struct {
		words []string
		want  []string // numbers, in any order
	}{
		{[]string{"privacy", "requests", "show", ""}, []string{see, erase, ended}},
		{[]string{"privacy", "requests", "show", see, ""}, nil},
		{[]string{"privacy", "requests", "answer", ""}, []string{see}},
		{[]string{"privacy", "requests", "refuse", ""}, []string{see, erase}},
		{[]string{"privacy", "access", "--request", ""}, []string{see, erase}},
		{[]string{"privacy", "erase", "--request", ""}, []string{erase}},
		{[]string{"hold", "release", ""}, []string{hold.ID}},
		{[]string{"disclose", "confirm", ""}, []string{asked[true]}},
		{[]string{"disclose", "refuse", asked[true][:3]}, []string{asked[true]}},
	} {
		at := len(tt.words) - 1
		if strings.HasPrefix(tt.words[at-1], "-") { // a flag and its value stay together
			at--
		}
		var got []string
		for _, offer := range complete(t, slices.Insert(slices.Clone(tt.words), at, "--socket", d.adminPath)...) {
			id, text, _ := strings.Cut(offer, "\t")
			if got = append(got, id); text == "" {
				t.Errorf("%q: %s is not told apart", tt.words, id)
			}
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q offers %q, want %q", tt.words, got, tt.want)
		}
	}
}
