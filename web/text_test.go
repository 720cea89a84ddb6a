package web

import (
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/web/prose"
)

// pagesDir makes a directory with files of an operator: name, body, name, body …
// Bodies without front matter get one, with the version "mine".
func pagesDir(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		text := files[i+1]
		if !strings.HasPrefix(text, "---") {
			text = "---\ntitle: My " + files[i] + "\nversion: mine\nupdated: 2026-12-24\n---\n" + text
		}
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inGerman adds a second language to what the site has, for tests of files in it.
func inGerman(t *testing.T) {
	t.Helper()
	before := builtInTexts
	built := textsIn(pseudo("de", "ltr"))
	builtInTexts = func() (*Texts, error) { return built, nil }
	t.Cleanup(func() { builtInTexts = before })
}

func TestOwnPages(t *testing.T) {
	inGerman(t)
	dir := pagesDir(t,
		"rules.md", "Mine for all.\n",
		"terms.de.md", "Meine.\n",
		"privacy.md", "---\ntitle: Confidentialité\nversion: mine\nupdated: 2026-12-24\nlanguage: fr\n---\nÀ vous.\n",
		"imprint.md", "Of {{site}}.\n",
		"imprint.de.md", "Von {{site}}.\n",
		".hidden", "", "rules.md~", "")
	texts, err := LoadTexts(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := must(render(Options{SiteName: "R&B"}, must(loadAssets(nil)), texts))
	tests := []struct {
		path, lang string
		has        []string
	}{
		{"/rules", "en", []string{"<p>Mine for all.</p>", "<h1>My rules.md</h1>", "Version mine, last updated on", `<time datetime="2026-12-24">24 December 2026</time>`, `<article class="prose">`}},
		{"/rules", "de", []string{"<p>Mine for all.</p>", `<article class="prose" lang="en" dir="auto">`, `<p class="hint" lang="de"`}},
		{"/terms", "en", []string{"You use R&amp;B on these terms."}},
		{"/terms", "de", []string{"<p>Meine.</p>"}},
		{"/privacy", "en", []string{"<p>À vous.</p>", `<article class="prose" lang="fr" dir="auto">`}},
		{"/imprint", "en", []string{"<p>Of R&amp;B.</p>", "<title>My imprint.md · R&amp;B</title>"}},
		{"/imprint", "de", []string{"<p>Von R&amp;B.</p>"}},
		{"/", "en", []string{`<a href="/imprint">My imprint.md</a>`}},
		{"/", "de", []string{`<a href="/imprint">My imprint.de.md</a>`}},
		{"/safety", "en", []string{"A stranger stays a stranger."}},
	}
	for _, tt := range tests {
		body := shown(all.byPath[tt.path], variant{lang: tt.lang})
		for _, part := range tt.has {
			if !strings.Contains(body, part) {
				t.Errorf("%s in %s lacks %s", tt.path, tt.lang, part)
			}
		}
	}
}

func TestBrokenOwnPages(t *testing.T) {
	inGerman(t)
	tests := []struct{ file, text, want string }{
		{"rules.md", "{{site}} {{adress}}\n", "rules.md:6: the placeholder {{adress}} is not known"},
		{"rules.md", "---\ntitle: x\n---\n", "rules.md:1: the front matter lacks version"},
		{"rules.md", "a\xff\n", "rules.md:6: is not UTF-8"},
		{"Rules.md", "x", "Rules.md: is not named as a page; name it like imprint.md"},
		{"rules.txt", "x", "rules.txt: is not named as a page"},
		{"rules.fr.md", "x", `rules.fr.md: the site has no language "fr"; known are en, de`},
		{"rules.de.en.md", "x", `rules.de.en.md: the site has no language "de.en"`},
		{"rules..md", "x", `the site has no language ""`},
		{"static.md", "x", "static.md: /static is not free for a page"},
		{"api.md", "x", "api.md: /api is not free"},
		{"imprint.de.md", "x", "imprint.md: is missing, and /imprint has no page for visitors of other languages"},
	}
	for _, tt := range tests {
		dir := pagesDir(t, tt.file, tt.text)
		_, err := LoadTexts(dir)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), dir+"/") {
			t.Errorf("%s: %v, want %q", tt.file, err, tt.want)
		}
	}
	dir := pagesDir(t, "rules.md", "{{a}}\n\n{{b}}\n", "terms.md", "{{c}}\n")
	_, err := LoadTexts(dir)
	for _, part := range []string{"rules.md:6: the placeholder {{a}}", "rules.md:8: the placeholder {{b}}", "terms.md:6: the placeholder {{c}}"} {
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, part)) {
			t.Errorf("%v lacks %q", err, part)
		}
	}
	if _, err := LoadTexts(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "joingyd site pages") {
		t.Errorf("no directory: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "about.md"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTexts(dir); err == nil || !strings.Contains(err.Error(), "about.md: is a directory; make it a file") {
		t.Errorf("a directory for a page: %v", err)
	}
}

// Every path of the site that is no page is reserved, so that none is hidden by one.
func TestRoutesAreReserved(t *testing.T) {
	for _, file := range must(fs.Glob(files, "pages/*.html")) {
		if name := strings.TrimSuffix(path.Base(file), ".html"); !slices.Contains(reserved, name) {
			t.Errorf("%s is not reserved, and %s.md would be in its place", name, name)
		}
	}
	for _, route := range regexp.MustCompile(`mux\.Handle(?:Func)?\("/([a-z]+)`).FindAllStringSubmatch(string(must(os.ReadFile("web.go"))), -1) {
		if err := (&Texts{}).addOwn(route[1] + ".md"); err == nil || !strings.Contains(err.Error(), "is not free") {
			t.Errorf("a page may be named %s, which is a route: %v", route[1], err)
		}
	}
}

func TestPolicyOfTexts(t *testing.T) {
	inGerman(t)
	version := func(v string) string {
		return "---\ntitle: x\nversion: " + v + "\nupdated: 2026-11-28\n---\n"
	}
	built := must(builtInTexts()).Policy()
	if want := must(builtInTexts()).builtIn["rules"]["en"].Version; built != want {
		t.Errorf("built in: %q, want the version that all have, %q", built, want)
	}
	tests := []struct {
		files []string
		want  string
	}{
		{nil, built},
		{[]string{"about.md", version("7")}, built},
		{[]string{"rules.md", version("7")}, "7/" + built + "/" + built},
		{[]string{"terms.md", version("7")}, built + "/7/" + built},
		{[]string{"privacy.de.md", version("7")}, built + "/" + built + "/" + built + "+7"},
		{[]string{"rules.md", version("7"), "terms.md", version("7"), "privacy.md", version("7")}, "7"},
		{[]string{"rules.md", version("7"), "terms.md", version("7"), "privacy.md", version("8")}, "7/7/8"},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		got := must(LoadTexts(pagesDir(t, tt.files...))).Policy()
		if got != tt.want {
			t.Errorf("with %q: %q, want %q", tt.files, got, tt.want)
		}
		seen[got] = true
	}
	var long []string
	for i, name := range accepted {
		long = append(long, name+".md", version(fmt.Sprintf("%d%s", i, strings.Repeat("x", 19))), name+".de.md", version(strings.Repeat("y", 20)))
	}
	digest := must(LoadTexts(pagesDir(t, long...))).Policy()
	long[1] = version("z" + strings.Repeat("x", 19))
	other := must(LoadTexts(pagesDir(t, long...))).Policy()
	if len(digest) != 16 || digest == other || seen[digest] {
		t.Errorf("long versions: %q and %q, want two digests", digest, other)
	}
}

// What visitors accept is what the start page names, and what the site's operator
// set wins.
func TestPolicyOnTheStartPage(t *testing.T) {
	for _, tt := range []struct{ set, want string }{{"", must(builtInTexts()).Policy()}, {"mine", "mine"}} {
		html := get(must(New(Options{Policy: tt.set})), "/", "").Body.String()
		if !strings.Contains(html, `data-policy="`+tt.want+`"`) || !strings.Contains(html, `<span id="policy-version">`+tt.want+`</span>`) {
			t.Errorf("policy %q: the start page lacks %q", tt.set, tt.want)
		}
	}
}

func TestContactsAndProcessors(t *testing.T) {
	tests := []struct {
		options Options
		path    string
		want    string
	}{
		{Options{}, "/guardian", "write to (no contact has been given yet)."},
		{Options{Contact: "desk@example.org"}, "/guardian", `write to <a href="mailto:desk@example.org" rel="noopener noreferrer">desk@example.org</a>.`},
		{Options{Contact: "desk@example.org", Abuse: "abuse@example.org"}, "/guardian", `write to <a href="mailto:abuse@example.org"`},
		{Options{Contact: "desk@example.org", Abuse: "abuse@example.org"}, "/appeal", `operator: <a href="mailto:desk@example.org"`},
		{Options{}, "/privacy", "<p>The operator has named no other company"},
		{Options{Processors: []string{"Host & Co: the server", "<Mail>"}}, "/privacy", "<p>Besides the operator:</p>\n<ul><li>Host &amp; Co: the server</li><li>&lt;Mail&gt;</li></ul>"},
	}
	for _, tt := range tests {
		if html := get(must(New(tt.options)), tt.path, "").Body.String(); !strings.Contains(html, tt.want) {
			t.Errorf("%s with %+v lacks %q", tt.path, tt.options, tt.want)
		}
	}
}

// Links between the built-in pages lead somewhere, to the heading that they name.
func TestBuiltInLinks(t *testing.T) {
	site := must(New(Options{}))
	links := 0
	for _, name := range must(builtInTexts()).names() {
		for _, link := range regexp.MustCompile(`href="(/[^"#]*)(?:#([^"]*))?"`).FindAllStringSubmatch(get(site, "/"+name, "").Body.String(), -1) {
			target := get(site, html.UnescapeString(link[1]), "")
			if target.Code != http.StatusOK {
				t.Errorf("/%s: a link to %s: status %d", name, link[1], target.Code)
			}
			if link[2] != "" && !strings.Contains(target.Body.String(), ` id="`+link[2]+`"`) {
				t.Errorf("/%s: %s has no #%s", name, link[1], link[2])
			}
			links++
		}
	}
	if links < 100 {
		t.Errorf("only %d links found", links)
	}
}

// A built-in page of another language has an English one, with the same headings.
func TestTranslatedPagesMatch(t *testing.T) {
	texts := must(builtInTexts())
	heading := regexp.MustCompile(`<(h[2-6]|li|p|td)[ >]`)
	shape := func(p *prose.Page) string {
		var tags []string
		for _, m := range heading.FindAllStringSubmatch(string(must(p.HTML(prose.Values{}))), -1) {
			tags = append(tags, m[1])
		}
		return strings.Join(tags, " ")
	}
	for name, pages := range texts.builtIn {
		en := pages[defaultLanguage]
		if en == nil {
			t.Errorf("%s is not there in English", name)
			continue
		}
		for code, page := range pages {
			if page.Version != en.Version {
				t.Errorf("%s/%s.md has version %s, English %s", code, name, page.Version, en.Version)
			}
			if got, want := shape(page), shape(en); got != want {
				t.Errorf("%s/%s.md is not made like the English page:\n%s\nwant\n%s", code, name, got, want)
			}
		}
	}
}
