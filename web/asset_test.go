package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(site http.Handler, target, etag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

func TestAssetCaching(t *testing.T) {
	site, err := New(Options{Policy: "1"})
	if err != nil {
		t.Fatal(err)
	}
	static, err := loadAssets(nil)
	if err != nil {
		t.Fatal(err)
	}
	const forever, always = "public, max-age=31536000, immutable", "no-cache"
	for name, asset := range static.byPath {
		file := must(asset.document())
		for target, cache := range map[string]string{
			"/static/" + name:                always,
			static.prefix + name:             forever,
			"/static/v-000000000000/" + name: always,
		} {
			w := get(site, target, "")
			if w.Code != http.StatusOK || w.Body.String() != string(file.plain.body) {
				t.Fatalf("%s: status %d, %d bytes", target, w.Code, w.Body.Len())
			}
			if got := w.Header().Get("Cache-Control"); got != cache {
				t.Errorf("%s: Cache-Control %q, want %q", target, got, cache)
			}
			if got, want := w.Header().Get("Content-Type"), contentTypes[path.Ext(name)]; got != want {
				t.Errorf("%s: Content-Type %q, want %q", target, got, want)
			}
			again := get(site, target, w.Header().Get("ETag"))
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
				t.Errorf("%s with its ETag: status %d, want 304", target, again.Code)
			}
			if other := get(site, target, `"other"`); other.Code != http.StatusOK {
				t.Errorf("%s with another ETag: status %d, want 200", target, other.Code)
			}
		}
	}
	for _, target := range []string{"/static/", "/static/js", "/static/js/", "/static/none.js", static.prefix, "/static/../pages/start.html"} {
		if w := get(site, target, ""); w.Code == http.StatusOK {
			t.Errorf("%s is served", target)
		}
	}
	if page := get(site, "/", ""); get(site, "/", page.Header().Get("ETag")).Code != http.StatusNotModified {
		t.Error("a page with its ETag is sent again")
	}
}

func TestStartPageLoadsWhatExists(t *testing.T) {
	site, err := New(Options{Policy: "1"})
	if err != nil {
		t.Fatal(err)
	}
	urls := regexp.MustCompile(`(?:src|href)="(/[^"]*)"`).FindAllStringSubmatch(get(site, "/", "").Body.String(), -1)
	if len(urls) < 15 {
		t.Errorf("%d links found, expected more", len(urls))
	}
	for _, url := range urls {
		if w := get(site, url[1], ""); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", url[1], w.Code)
		}
	}
}

// The policy header would block these in the browser; here they fail early.
var forbidden = []struct {
	what    string
	pattern *regexp.Regexp
	in      string // file extensions
}{
	{"a URL of another host", regexp.MustCompile(`(?i)(?:https?:|["'(])//[a-z0-9]`), ".html .css .js .svg"},
	{"an inline script", regexp.MustCompile(`(?i)<script(?:[^>]*[^>/])?>\s*[^<\s]|<script\s*>`), ".html .svg"},
	{"an inline style", regexp.MustCompile(`(?i)<style|\sstyle\s*=`), ".html .svg"},
	{"an event handler attribute", regexp.MustCompile(`(?i)<[^>]*\son[a-z]+\s*=`), ".html .svg"},
	{"a javascript: URL", regexp.MustCompile(`(?i)["'=]\s*javascript:`), ".html .svg .js"},
	{"a string-to-code sink", regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(['"]on|setHTMLUnsafe|createContextualFragment|srcdoc`), ".js"},
	{"a style attribute from a script", regexp.MustCompile(`setAttribute\(['"]style|cssText`), ".js"},
	{"a cookie", regexp.MustCompile(`document\.cookie|cookieStore`), ".js"},
	{"a data channel", regexp.MustCompile(`createDataChannel`), ".js"},
	{"a foreign import", regexp.MustCompile(`@import|from ['"][^.]|import\(['"][^.]`), ".css .js"},
}

// harmless looks like what is forbidden: names of XML namespaces, and blocks of
// data, which no browser executes.
var harmless = regexp.MustCompile(`http://www\.w3\.org/[0-9a-z/]+|<script type="application/json" id="[a-z]+">[^<]*</script>`)

func TestEmbeddedFilesKeepThePolicy(t *testing.T) {
	checked := 0
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		checked++
		text := harmless.ReplaceAllString(string(data), "")
		for _, f := range forbidden {
			if !strings.Contains(f.in, path.Ext(name)) || f.what == "a cookie" && name == "static/js/preferences.js" {
				continue
			}
			if found := f.pattern.FindString(text); found != "" {
				t.Errorf("%s contains %s: %q", name, f.what, found)
			}
		}
		if lines := strings.Count(text, "\n"); path.Ext(name) == ".js" && lines > 300 {
			t.Errorf("%s has %d lines: one concept a file", name, lines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 30 {
		t.Errorf("only %d embedded files were found", checked)
	}
}

func TestForbiddenPatternsFind(t *testing.T) {
	samples := []string{
		`<img src="https://cdn.test/x.png">`, `<script>alert(1)</script>`, `<p style="color:red">`, `<b onclick="x()">`,
		`<a href="javascript:x()">`, `a.innerHTML = b`, `e.setAttribute('style', s)`, `document.cookie = 1`,
		`pc.createDataChannel('x')`, `import x from 'lib'`,
	}
	for i, f := range forbidden {
		if !f.pattern.MatchString(samples[i]) {
			t.Errorf("%s: %q is not found", f.what, samples[i])
		}
	}
}
