//go:build !race

package mask_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/match/mask"
)

// TestW9 is trial W9: no address gets through inline or trickled, whatever the
// place, and no refusal quotes one.
func TestW9AddressesLeaked(t *testing.T) {
	var leaked, tried, refused int
	check := func(text string, err error, what string) {
		t.Helper()
		tried++
		if err != nil {
			refused++
			if !errors.Is(err, mask.ErrMasked) {
				t.Errorf("%q: %v", what, err)
			}
			text = err.Error()
		}
		if found := leaks(text); len(found) > 0 {
			leaked += len(found)
			t.Errorf("%q: leaks %q", what, found)
		}
	}
	bases := []string{minimal, sample(t, "chromium-offer.sdp"), sample(t, "firefox-plain-offer.sdp")}
	for _, place := range places {
		for _, address := range smuggled {
			line := fmt.Sprintf(place, address)
			for _, base := range bases {
				for n := range strings.Count(base, "\r\nm=") + 1 {
					got, err := mask.Description("offer", with(base, n, line), owns)
					check(got, err, line)
				}
				name, _, _ := strings.Cut(line, ":")
				got, err := mask.Description("offer", instead(base, name, line), owns)
				check(got, err, "instead: "+line)
			}
			got, err := mask.Candidate(strings.TrimPrefix(line, "a="), owns)
			check(got, err, line)
		}
	}
	t.Logf("tried: %d, refused: %d, addresses leaked: %d", tried, refused, leaked)
}

// instead replaces the first line that begins with name, so that a rule against
// doubles is not what stops it.
func instead(base, name, line string) string {
	lines := strings.Split(base, "\r\n")
	for i := range lines {
		if strings.HasPrefix(lines[i], name) {
			lines[i] = line
			break
		}
	}
	return strings.Join(lines, "\r\n")
}
