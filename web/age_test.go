package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Pages say that a proof of age is asked for, and by whom, where it is, and not where
// it is not; in every language.
func TestWhatPagesSayOfAge(t *testing.T) {
	const checker = "age.example"
	for _, test := range []struct {
		age   *Age
		start string // the scope that the script is told
		says  map[string]string
	}{
		{nil, "", map[string]string{"/privacy": "nobody checks it. This site asks for no proof", "/guardian": "nobody checks it", "/safety": "nobody checks it"}},
		{&Age{Checker: checker}, "video", map[string]string{"/privacy": "a random number", "/guardian": "Before a video chat, visitors must show", "/age": "video chat stays closed", "/": "A text chat needs none"}},
		{&Age{Checker: checker, Text: true}, "all", map[string]string{"/privacy": "Before a chat, visitors must show", "/age": "you cannot chat here", "/": "both buttons take you to"}},
	} {
		site := must(New(Options{Age: test.age}))
		for _, lang := range []string{"en", "de", "ar"} {
			for _, path := range []string{"/", "/privacy", "/guardian", "/safety", "/age"} {
				w := get(site, path+"?lang="+lang, "")
				body := w.Body.String()
				if path == "/age" && test.age == nil {
					if w.Code != http.StatusNotFound {
						t.Errorf("%s without proofs: status %d", path, w.Code)
					}
					continue
				}
				if w.Code != http.StatusOK || strings.Contains(body, checker) != (test.age != nil) {
					t.Errorf("%s in %s with %v: status %d, or the checker is named where it has no part or left out where it has", path, lang, test.age, w.Code)
				}
				if said := test.says[path]; lang == "en" && !strings.Contains(body, said) {
					t.Errorf("%s with %v does not say %q", path, test.age, said)
				}
				if scope := `id="age" class="hint" data-scope="` + test.start + `"`; path == "/" && strings.Contains(body, scope) != (test.age != nil) {
					t.Errorf("the start page with %v has not, or has, %s", test.age, scope)
				}
			}
		}
	}
}

// A code is somebody else's to take, behind the site's headers, and nothing else is.
func TestRedemptionsArePassedOn(t *testing.T) {
	post := func(site http.Handler, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}")))
		return w
	}
	redeem := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	site := must(New(Options{Age: &Age{Checker: "age.example", Redeem: redeem}}))
	w := post(site, "/api/age")
	if h := w.Header(); w.Body.String() != "{}" || h.Get("Content-Security-Policy") != answerPolicy || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("got %q with %v", w.Body, h)
	}
	for _, path := range []string{"/age", "/api/age/"} {
		if w := post(site, path); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, w.Code)
		}
	}
	if w := post(must(New(Options{})), "/api/age"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("without proofs: status %d", w.Code)
	}
}
