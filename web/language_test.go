package web

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// pseudo is a language in which every word is between brackets.
func pseudo(code, dir string) *tongue {
	all, err := loadLanguages(files)
	if err != nil {
		panic(err)
	}
	l := &tongue{Code: code, Name: "‹" + code + "›", Dir: dir, Page: map[string]string{}, Script: all[0].Script}
	for key, text := range all[0].Page {
		l.Page[key] = "‹" + placeholder.ReplaceAllString(text, "›$0‹") + "›"
	}
	if l, err = parseLanguage(code, must(json.Marshal(l))); err != nil {
		panic(err)
	}
	return l
}

// textsIn returns the built-in pages of a site in English and the other languages.
func textsIn(others ...*tongue) *Texts {
	t := *must(builtInTexts())
	t.languages = append(t.languages[:1:1], others...)
	return &t
}

// shown returns a page as it is in a variant.
func shown(p page, v variant) string { return string(must(p.variants[v]()).plain.body) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestBrokenLanguages(t *testing.T) {
	const en = `{"name": "English", "dir": "ltr", "page": {"a.b": "x", "c": "hi {name}"}, "script": {"n.one": "{count} man", "n.other": "{count} men"}}`
	tests := []struct {
		name, file, text, want string
	}{
		{"fine", "de", `{"name": "Deutsch", "dir": "ltr", "page": {"a.b": "y", "c": "ho {name}"}, "script": {"n.one": "ein Mann", "n.other": "{count} Männer"}}`, ""},
		{"no JSON", "de", `{`, "languages/de.json: unexpected EOF"},
		{"two values", "de", en + en, "something follows"},
		{"unknown field", "de", `{"nam": "Deutsch"}`, `unknown field "nam"`},
		{"no name", "de", `{"dir": "ltr", "page": {}, "script": {}}`, `"name" is missing`},
		{"no direction", "de", `{"name": "Deutsch", "page": {}, "script": {}}`, `"dir" is ""`},
		{"no script", "de", `{"name": "Deutsch", "dir": "ltr", "page": {}}`, `"script" is missing`},
		{"no language", "german", en, `"german" is not a language code`},
		{"odd code", "de_AT", en, `"de_AT" is not a language code`},
		{"page key missing", "de", strings.Replace(en, `"a.b": "x", `, "", 1), `"page" lacks "a.b"`},
		{"script key missing", "de", strings.Replace(en, `"n.one": "{count} man", "n.other": "{count} men"`, "", 1), `"script" lacks "n"`},
		{"key too many", "de", strings.Replace(en, `"a.b"`, `"d": "", "a.b"`, 1), `"page" has "d"`},
		{"placeholder", "de", strings.Replace(en, `{name}`, `{nam}`, 1), `"c" has the placeholders [{nam}], want [{name}]`},
		{"placeholder twice", "de", strings.Replace(en, `{name}`, `{name} {name}`, 1), `"c" has the placeholders`},
		{"plural form", "ar", strings.Replace(en, `"n.one"`, `"n.zero": "", "n.two": "", "n.few": "", "n.one"`, 1), `"script" lacks "n.many"`},
		{"broken default", "en", `{}`, `languages/en.json: "name" is missing`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from := fstest.MapFS{"languages/en.json": {Data: []byte(en)}}
			from["languages/"+tt.file+".json"] = &fstest.MapFile{Data: []byte(tt.text)}
			all, err := loadLanguages(from)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want == "" && (len(all) != 2 || all[0].Code != "en"):
				t.Errorf("loaded %v, want en first", all)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := loadLanguages(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "languages/en.json is missing") {
		t.Errorf("no language at all: %v", err)
	}
}

func TestMix(t *testing.T) {
	l := &tongue{Code: "en", Page: map[string]string{"s": "<{who}> likes {what}"}}
	got, err := l.mix("s", "what", element("a", "R&B", "href", `/"x`), "who", "{what}")
	if want := `&lt;{what}&gt; likes <a href="/&#34;x">R&amp;B</a>`; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, values := range [][]any{{}, {"who", "x"}, {"who", "x", "why", "y"}} {
		if got, err := l.mix("s", values...); err == nil {
			t.Errorf("mix with %v is %q, want an error", values, got)
		}
	}
	if _, err := l.mix("none"); err == nil {
		t.Error("a key that is not there gives no error")
	}
}

// sources returns the text of all files below dir with the extension, tests aside.
func sources(t *testing.T, from fs.FS, dir, extension string) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(from, dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) == extension && !strings.HasSuffix(name, "_test.go") {
			var data []byte
			data, err = fs.ReadFile(from, name)
			all.Write(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// Templates that use a key that is not there fail in New; scripts are checked here.
func TestEveryWordIsUsed(t *testing.T) {
	en := must(loadLanguages(files))[0]
	templates, scripts, code := sources(t, files, "pages", ".html"), sources(t, files, "static/js", ".js"), sources(t, os.DirFS("."), ".", ".go")
	figures := string(must(os.ReadFile("../cmd/joingyd/figures.go")))
	for key := range en.Page {
		if name, ours := strings.CutPrefix(key, "figures."); ours && usedByFigures(figures, key, name) {
			continue
		}
		key = strings.TrimRight(key, "0123456789") // of a month
		if !strings.Contains(templates, `.T "`+key+`"`) && !strings.Contains(templates, `.Mix "`+key+`"`) && !strings.Contains(code, `"`+key+`"`) {
			t.Errorf("no template or code uses the page text %q", key)
		}
	}
	bases := map[string]bool{}
	for key := range en.Script {
		if base, _, ok := counted(key); ok && en.Script[base+".other"] != "" {
			key = base
		}
		bases[key] = true
	}
	for key := range bases {
		if !usedByScripts(scripts, key) {
			t.Errorf("no script uses the text %q", key)
		}
	}
	for _, use := range regexp.MustCompile(`\b(t|problem)\('([^']*)'`).FindAllStringSubmatch(scripts, -1) {
		if !bases[use[2]] || use[1] == "problem" && !bases[use[2]+".remedy"] {
			t.Errorf("a script uses %s…, which languages/en.json has not", use[0])
		}
	}
}

// usedByFigures looks for what names a column, alone or by its subject, or a table.
func usedByFigures(figures, key, name string) bool {
	return slices.ContainsFunc([]string{`"` + key + `"`, `"` + key[:strings.LastIndexByte(key, '.')+1] + `"`, `add("` + name + `"`}, func(use string) bool {
		return strings.Contains(figures, use)
	})
}

// usedByScripts looks for a key, for what it is made of, as in `rejected.${code}`, or
// for the one that words.js adds its ending to.
func usedByScripts(scripts, key string) bool {
	key = strings.TrimSuffix(strings.TrimSuffix(key, ".remedy"), ".until")
	if strings.Contains(scripts, "'"+key+"'") {
		return true
	}
	for i := range key {
		if key[i] == '.' && strings.Contains(scripts, "`"+key[:i+1]+"${") {
			return true
		}
	}
	return false
}

var (
	markup  = regexp.MustCompile(`<script[^>]*>[^<]*</script>|<kbd[^>]*>|<[^>]*>`)
	worded  = regexp.MustCompile(`(?:aria-label|alt|placeholder|title|content)="([^"]*)"`)
	foreign = regexp.MustCompile(`‹[^›]*›`)
)

// In a language of brackets, every word that a page shows is between brackets.
func TestEveryTextIsTranslated(t *testing.T) {
	all := must(render(Options{SiteName: "[site]", Policy: "[policy]", Stills: true}, must(loadAssets(nil)), textsIn(pseudo("de", "ltr"))))
	for name, page := range map[string]page{"start": all.byPath["/"], "notfound": all.notFound} {
		html := Inlined.ReplaceAllString(shown(page, variant{lang: "de"}), "")
		shown := []string{markup.ReplaceAllString(html, "\n")}
		for _, m := range worded.FindAllStringSubmatch(html, -1) {
			shown = append(shown, m[1])
		}
		for _, text := range shown {
			text = foreign.ReplaceAllString(text, "")
			for line := range strings.Lines(text) {
				line = strings.Trim(line, " \n.·")
				if regexp.MustCompile(`^(|\[site\]|\[policy\]|English|width=device-width.*|(light|dark| )+|#[0-9a-f]{6})$`).MatchString(line) {
					continue
				}
				t.Errorf("%s: %q is in no language file", name, line)
			}
		}
	}
}

func TestStartPageCarriesTheWordsOfScripts(t *testing.T) {
	l := pseudo("ar", "rtl")
	l.Script = map[string]string{"a": "</script><b>&\u2028"}
	all := must(render(Options{Policy: "1"}, must(loadAssets(nil)), textsIn(l)))
	html := shown(all.byPath["/"], variant{lang: "ar"})
	block := regexp.MustCompile(`<script type="application/json" id="words">([^<]*)</script>`).FindStringSubmatch(html)
	if block == nil {
		t.Fatal("no data block")
	}
	var words struct {
		Lang, Name string
		Words      map[string]string
	}
	if err := json.Unmarshal([]byte(block[1]), &words); err != nil {
		t.Fatalf("%s: %v", block[1], err)
	}
	if words.Lang != "ar" || words.Name != l.Name || !maps.Equal(words.Words, l.Script) {
		t.Errorf("got %+v", words)
	}
	if !strings.Contains(html, `<html lang="ar" dir="rtl"`) {
		t.Error("the page does not say its language and direction")
	}
}

func TestChoice(t *testing.T) {
	c := newChooser(append(must(loadLanguages(files))[:1:1], pseudo("de", "ltr"), pseudo("ar", "rtl")))
	tests := []struct {
		name, query, cookie, accept string
		want                        variant
	}{
		{"nothing", "", "", "", variant{"en", "", false}},
		{"browser", "", "", "fr, de-AT;q=0.8, en;q=0.5", variant{"de", "", false}},
		{"browser, by weight", "", "", "en;q=0.5, ar-EG;q=0.9", variant{"ar", "", false}},
		{"browser, unknown", "", "", "tlh, fr;q=0.3", variant{"en", "", false}},
		{"browser, garbled", "", "", ";;q=,\x00,de-", variant{"en", "", false}},
		{"cookie", "", "lang=ar&theme=dark", "de", variant{"ar", "dark", false}},
		{"cookie, other order", "", "theme=light&lang=en", "de", variant{"en", "light", false}},
		{"cookie, theme only", "", "theme=dark", "de", variant{"de", "dark", false}},
		{"cookie, unknown values", "", "lang=xx&theme=pink&x=1", "de", variant{"de", "", false}},
		{"cookie, broken", "", "%zz&theme=dark", "de", variant{"de", "dark", false}},
		{"query", "?lang=de", "lang=ar&theme=dark", "en", variant{"de", "dark", true}},
		{"query, unknown", "?lang=xx", "lang=ar", "de", variant{"ar", "", false}},
		{"query, empty", "?lang=", "", "de", variant{"de", "", false}},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/"+tt.query, nil)
		r.Header.Set("Cookie", preferences+"="+tt.cookie)
		r.Header.Set("Accept-Language", tt.accept)
		if got := c.choose(r); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// FuzzChoice holds that whatever is asked for, there is a page for it.
func FuzzChoice(f *testing.F) {
	f.Add("lang=de", "lang=ar&theme=dark", "de, en;q=0.5")
	f.Add("lang=%", "joingyd_prefs", "*-x-;q=9")
	c := newChooser(append(must(loadLanguages(files))[:1:1], pseudo("de", "ltr")))
	all := c.all()
	f.Fuzz(func(t *testing.T, query, cookie, accept string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		r.Header.Set("Cookie", preferences+"="+cookie)
		r.Header.Set("Accept-Language", accept)
		if got := c.choose(r); !slices.Contains(all, got) {
			t.Errorf("chose %v, which is not rendered", got)
		}
	})
}

func TestVariantsAreServed(t *testing.T) {
	all := must(render(Options{SiteName: "x", Policy: "1"}, must(loadAssets(nil)), textsIn(pseudo("ar", "rtl"))))
	etags := map[string]string{}
	tests := []struct {
		target, cookie string
		lang           string
		has, lacks     []string
	}{
		{"/", "", "en", []string{`<html lang="en" dir="ltr" data-state`, `href="/about"`, `content="light dark"`, `<a href="?lang=ar" hreflang="ar" lang="ar">‹ar›</a>`, `<link rel="alternate" hreflang="ar" href="?lang=ar">`}, []string{"data-theme"}},
		{"/", "theme=dark", "en", []string{`data-theme="dark"`, `<meta name="theme-color" content="#16131f">`, `content="dark"`}, []string{"#fbf6ee"}},
		{"/", "theme=light", "en", []string{`data-theme="light"`, `<meta name="theme-color" content="#fbf6ee">`}, []string{"#16131f"}},
		{"/", "lang=ar", "ar", []string{`<html lang="ar" dir="rtl"`, `href="/about"`, `lang="ar" aria-current="true">‹ar›`}, nil},
		{"/?lang=ar", "", "ar", []string{`href="/about?lang=ar"`, `href="/rules?lang=ar" target="_blank"`}, []string{`"/about"`}},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", tt.target, nil)
		r.Header.Set("Cookie", preferences+"="+tt.cookie)
		w := httptest.NewRecorder()
		all.byPath["/"].ServeHTTP(w, r)
		name := tt.target + " " + tt.cookie
		if got := w.Header().Get("Content-Language"); got != tt.lang {
			t.Errorf("%s: Content-Language %q, want %q", name, got, tt.lang)
		}
		if got := strings.Join(w.Header().Values("Vary"), ", "); got != "Accept-Language, Cookie, Accept-Encoding" {
			t.Errorf("%s: Vary %q", name, got)
		}
		etag := w.Header().Get("ETag")
		if other, ok := etags[etag]; ok || etag == "" {
			t.Errorf("%s: ETag %q, as of %s", name, etag, other)
		}
		etags[etag] = name
		html := Inlined.ReplaceAllString(w.Body.String(), "")
		for _, part := range tt.has {
			if !strings.Contains(html, part) {
				t.Errorf("%s: lacks %s", name, part)
			}
		}
		for _, part := range tt.lacks {
			if strings.Contains(html, part) {
				t.Errorf("%s: has %s", name, part)
			}
		}
	}
	if html := shown(must(render(Options{Policy: "1"}, must(loadAssets(nil)), textsIn())).byPath["/"], variant{lang: "en"}); strings.Contains(html, "hreflang=") {
		t.Error("a single language is offered as a choice")
	}
}
