package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A site's own logo, colour and banner are on every page, and their files exist.
func TestOwnSite(t *testing.T) {
	accent, err := ParseAccent("#b3452a")
	if err != nil {
		t.Fatal(err)
	}
	logo, err := parseLogo(pngOf(t, 64, 32))
	if err != nil {
		t.Fatal(err)
	}
	site, err := New(Options{Policy: "1", Accent: accent, Logo: logo, Banner: "Down at <2:00>", Contact: "desk@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := New(Options{Policy: "1"})
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`/static/v-[0-9a-f]+/site-(?:colours\.css|logo\.png)`)
	for _, page := range []string{"/", "/about", "/none"} {
		html := get(site, page, "").Body.String()
		urls := link.FindAllString(html, -1)
		want := 3 // icon, style sheet, header
		if page == "/" {
			want-- // its style sheet is in it
		}
		if len(urls) != want {
			t.Errorf("%s: %q, want the colours once and the logo twice", page, urls)
		}
		for _, url := range urls {
			w := get(site, url, "")
			if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
				t.Errorf("%s: status %d, %v", url, w.Code, w.Header())
			}
			if strings.HasSuffix(url, ".css") && w.Body.String() != ":root {\n  --accent: #b3452a;\n  --on-accent: #ffffff;\n}\n" {
				t.Errorf("colours are %q", w.Body)
			}
		}
		for _, part := range []string{`role="status">Down at &lt;2:00&gt;</p>`, `Contact: <a href="mailto:desk@example.org"`} {
			if !strings.Contains(html, part) {
				t.Errorf("%s lacks %q", page, part)
			}
		}
		if other := Inlined.ReplaceAllString(get(plain, page, "").Body.String(), ""); strings.Contains(other, "site-") {
			t.Errorf("%s of a site with no settings mentions its own: %q", page, other[strings.Index(other, "site-"):][:40])
		}
	}
	css, err := files.ReadFile("static/site.css")
	if err != nil || !strings.Contains(string(css), "var(--accent)") || !strings.Contains(string(css), "var(--on-accent)") {
		t.Errorf("site.css does not use the colours (%v)", err)
	}
}
