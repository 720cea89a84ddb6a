package web

import (
	"strings"
	"testing"
)

// The pages tell visitors and authorities whether there is a log of addresses, and for
// how long.
func TestWhatPagesSayOfAddresses(t *testing.T) {
	for days, says := range map[int]map[string]string{
		0:    {"/privacy": "The software keeps no log of visitors’ addresses.", "/law": "There is no log of visitors’ addresses either"},
		1717: {"/privacy": "deleted 1717 days after the day", "/law": "a log of visits for 1717 days"},
	} {
		site := must(New(Options{IPLogDays: days}))
		for path, said := range says {
			if body := get(site, path, "").Body.String(); !strings.Contains(body, said) {
				t.Errorf("%s with a log of %d days does not say %q", path, days, said)
			}
			for _, lang := range []string{"de", "ar"} {
				if body := get(site, path+"?lang="+lang, "").Body.String(); strings.Contains(body, "1717 ") != (days == 1717) {
					t.Errorf("%s in %s does not tell of %d days", path, lang, days)
				}
			}
		}
	}
}

// What an earlier configuration has left is told of as long as it is there.
func TestWhatPagesSayOfAnEarlierLog(t *testing.T) {
	said := "A sealed log of visits was kept until lately"
	for _, rest := range []bool{true, false} {
		site := must(New(Options{IPLogRest: rest}))
		for _, path := range []string{"/privacy", "/law"} {
			if body := get(site, path, "").Body.String(); strings.Contains(body, said) != rest {
				t.Errorf("%s with lines of an earlier log (%v) says so: %v", path, rest, !rest)
			}
		}
	}
}
