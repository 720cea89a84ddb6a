package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func dist() fstest.MapFS {
	return fstest.MapFS{
		".gitignore":  {Data: []byte("*\n")},
		"about.json":  {Data: []byte(`{"model":"m@1","labels":["drawing","porn"]}`)},
		"stills.js":   {Data: []byte(strings.Repeat("look();", 100))},
		"stills.wasm": {Data: []byte(strings.Repeat("\x00asm", 100))},
		"weights.bin": {Data: []byte(strings.Repeat("w", 1000))},
		"NOTICE.txt":  {Data: []byte("MIT")},
	}
}

// The parts are served under a name of their content, for good, with a policy of their
// own; a site without has none of it.
func TestClassifierIsServed(t *testing.T) {
	c, err := newClassifier(dist())
	if err != nil {
		t.Fatal(err)
	}
	if c.Model != "m@1" || len(c.Labels) != 2 {
		t.Errorf("%+v", c)
	}
	site, err := New(Options{Stills: true, Classifier: c})
	if err != nil {
		t.Fatal(err)
	}
	get := func(site http.Handler, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w
	}
	for name, kind := range map[string]string{
		"stills.js": "text/javascript; charset=utf-8", "stills.wasm": "application/wasm", "weights.bin": "application/octet-stream", "NOTICE.txt": "text/plain; charset=utf-8",
	} {
		w := get(site, c.prefix+name)
		h := w.Header()
		if w.Code != http.StatusOK || h.Get("Content-Type") != kind || h.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: status %d, %v", name, w.Code, h)
		}
		if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self' 'wasm-unsafe-eval';") || strings.Contains(policy, "'unsafe-eval'") {
			t.Errorf("%s: policy %s", name, policy)
		}
		if coding := h.Get("Content-Encoding"); name != "NOTICE.txt" && coding != "gzip" {
			t.Errorf("%s comes in coding %q", name, coding)
		}
	}
	for _, path := range []string{c.prefix, c.prefix + ".gitignore", c.prefix + "none", "/static/parts-000000000000/stills.js"} {
		if w := get(site, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	start := get(site, "/")
	if policy := start.Header().Get("Content-Security-Policy"); strings.Contains(policy, "wasm") {
		t.Errorf("the page's policy: %s", policy)
	}
	if worker := get(site, workerPath).Body.String(); strings.Contains(worker, "parts") {
		t.Error("the service worker keeps the parts, which few need")
	}
	without, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w := get(without, c.worker()); w.Code != http.StatusNotFound {
		t.Errorf("a site without: status %d", w.Code)
	}
}

// Another content has another name.
func TestClassifierVersion(t *testing.T) {
	files := dist()
	one, err := newClassifier(files)
	if err != nil {
		t.Fatal(err)
	}
	files["weights.bin"] = &fstest.MapFile{Data: []byte("others")}
	two, err := newClassifier(files)
	if err != nil || one.prefix == two.prefix || !strings.HasPrefix(one.prefix, partsPrefix) {
		t.Errorf("%s, %s, %v", one.prefix, two.prefix, err)
	}
}

// A binary that was built without has none, and one with half of it does not start.
func TestClassifierIsWholeOrNone(t *testing.T) {
	if c, err := newClassifier(fstest.MapFS{".gitignore": {}}); c != nil || err != nil {
		t.Errorf("%v, %v", c, err)
	}
	for name, change := range map[string]func(fstest.MapFS){
		"no worker": func(f fstest.MapFS) { delete(f, "stills.js") },
		"no sense":  func(f fstest.MapFS) { f["about.json"].Data = []byte("{") },
	} {
		files := dist()
		change(files)
		if _, err := newClassifier(files); err == nil || !strings.Contains(err.Error(), "make parts") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who looks where is said in every language, on the start page and in the privacy policy.
func TestLocalStillsAreTold(t *testing.T) {
	c, err := newClassifier(dist())
	if err != nil {
		t.Fatal(err)
	}
	site, err := New(Options{Stills: true, Classifier: c})
	if err != nil {
		t.Fatal(err)
	}
	for lang, words := range map[string][2]string{
		"en": {"a program in the other person’s browser", "stays there and is forgotten at once"},
		"de": {"ein Programm im Browser deines Gegenübers", "bleibt dort und wird sofort vergessen"},
		"ar": {"برنامجٌ في متصفح الطرف الآخر", "تبقى هناك وتُنسى فورًا"},
	} {
		for i, path := range []string{"/", "/privacy"} {
			w := httptest.NewRecorder()
			site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+"?lang="+lang, nil))
			html := w.Body.String()
			if !strings.Contains(html, words[i]) {
				t.Errorf("%s in %s does not say %q", path, lang, words[i])
			}
			if path == "/" && !strings.Contains(html, `data-worker="`+c.worker()+`"`) {
				t.Errorf("%s in %s does not name the worker", path, lang)
			}
		}
	}
}
