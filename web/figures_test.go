package web_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/web"
)

// reported is figures of one month.
func reported(n int) []web.Figures {
	return []web.Figures{{
		Name:    "reports",
		Columns: []web.Column{{Key: "report.spam"}, {Key: "figures.stills.found.x", Name: "<x>"}, {Key: "figures.decisions.median", Rate: true}, {Key: "report.other", Rate: true}},
		Months:  []web.Month{{Start: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Running: true, Values: []int{n, 4, 3, -1}}},
	}}
}

// A table has what it takes to be read aloud, in each language, and no small count.
func TestFigures(t *testing.T) {
	site := newSite(t, web.Options{Figures: func() ([]web.Figures, error) { return reported(12), nil }})
	for lang, words := range map[string][]string{
		"en": {"Reports, by reason</caption>", `<th scope="col">Spam or advertising</th><th scope="col"><bdi>&lt;x&gt;</bdi></th>`, `<th scope="row"><time datetime="2026-11">November 2026, not over</time></th><td>12</td><td>under 5</td><td>3</td><td>–</td>`},
		"de": {"Meldungen, nach Grund</caption>", "November 2026, läuft noch", "<td>unter 5</td>"},
		"ar": {"البلاغات، بحسب السبب</caption>", `<div lang="ar" dir="rtl">`, "<td>أقل من 5</td>"},
	} {
		html := body(t, do(site, http.MethodGet, "/transparency?lang="+lang))
		checkBalanced(t, html)
		for _, want := range append(words, `<div class="scroll" role="region" tabindex="0" aria-labelledby="figures-reports">`, `<caption id="figures-reports">`) {
			if !strings.Contains(html, want) {
				t.Errorf("%s: %q is missing in %s", lang, want, html)
			}
		}
	}
}

// Figures are asked for when somebody looks, once a minute at most; the page changes when
// they do, and stays as it was where there are none to be had.
func TestFiguresAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, n, broken := 0, 12, error(nil)
		site := newSite(t, web.Options{Figures: func() ([]web.Figures, error) { asked++; return reported(n), broken }})
		look := func(after time.Duration, wantAsked int, want string) (etag string) {
			t.Helper()
			time.Sleep(after)
			resp := do(site, http.MethodGet, "/transparency")
			if html := body(t, resp); asked != wantAsked || !strings.Contains(html, want) {
				t.Errorf("asked %d times, want %d; %s", asked, wantAsked, html)
			}
			return resp.Header.Get("ETag")
		}
		first := look(0, 1, "<td>12</td>")
		n = 13
		if tag := look(59*time.Second, 1, "<td>12</td>"); tag != first {
			t.Error("the page changed within the minute")
		}
		second := look(time.Second, 2, "<td>13</td>")
		if second == first {
			t.Error("another page has the same ETag")
		}
		if tag := look(time.Hour, 3, "<td>13</td>"); tag != second {
			t.Error("the page changed, and its figures did not")
		}
		broken = errors.New("the disk is gone")
		look(time.Minute, 4, "<td>13</td>")
		if resp := do(site, http.MethodGet, "/transparency", "If-None-Match", second); resp.StatusCode != http.StatusNotModified {
			t.Errorf("status %d, want 304", resp.StatusCode)
		}
		look(0, 4, "<td>13</td>")
	})
}

func TestFiguresThatAreNot(t *testing.T) {
	none := newSite(t, web.Options{Figures: func() ([]web.Figures, error) { return nil, nil }})
	if html := body(t, do(none, http.MethodGet, "/transparency")); !strings.Contains(html, "<p>There is nothing to count yet.</p>") {
		t.Error(html)
	}
	secret := newSite(t, web.Options{Contact: "desk@example.org"})
	if html := body(t, do(secret, http.MethodGet, "/transparency")); !strings.Contains(html, `they are not published here. Ask the operator: <a href="mailto:desk@example.org"`) {
		t.Error(html)
	}
	if _, err := web.New(web.Options{Figures: func() ([]web.Figures, error) { return nil, errors.New("broken") }}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("New: %v", err)
	}
}
