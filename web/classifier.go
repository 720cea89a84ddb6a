package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// parts is what go run ./packaging/parts made of others' packages; in a binary that was
// built without, nothing but a .gitignore.
//
//go:embed all:parts/dist
var parts embed.FS

// Classifier is the program that looks at stills in visitors' own browsers: a worker, the
// WebAssembly that runs its model, and the model's weights. A browser fetches them when
// it is first asked for a still, and never before.
type Classifier struct {
	Model  string   `json:"model"`
	Labels []string `json:"labels"` // that it tells apart
	byName map[string]asset
	prefix string // of URLs, ends in a slash: another one for other files, so that browsers may keep them forever
}

const (
	aboutFile   = "about.json" // in parts: what Classifier has of it
	workerPart  = "stills.js"
	partsPrefix = "/static/parts-"
)

// partsPolicy is for the worker: it fetches from beside itself, compiles WebAssembly, and
// makes no script out of text. The pages' own policy stays without WebAssembly.
const partsPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

var partTypes = map[string]string{
	".js":   contentTypes[".js"],
	".wasm": "application/wasm",
	".bin":  "application/octet-stream",
	".json": "application/json",
	".txt":  "text/plain; charset=utf-8",
}

// EmbeddedClassifier returns the classifier that is in this binary, nil if none is.
func EmbeddedClassifier() (*Classifier, error) {
	dist, err := fs.Sub(parts, "parts/dist")
	if err != nil {
		return nil, err
	}
	return newClassifier(dist)
}

func newClassifier(dist fs.FS) (*Classifier, error) {
	about, err := fs.ReadFile(dist, aboutFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	c := &Classifier{byName: map[string]asset{}}
	if err == nil {
		err = json.Unmarshal(about, c)
	}
	if err != nil {
		return nil, fmt.Errorf("web: the embedded classifier: %w; make it again: make parts", err)
	}
	version := sha256.New()
	entries, err := fs.ReadDir(dist, ".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries { // in the order of their names
		kind, known := partTypes[path.Ext(entry.Name())]
		if !known {
			continue
		}
		body, err := fs.ReadFile(dist, entry.Name())
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(version, entry.Name(), len(body))
		version.Write(body)
		c.byName[entry.Name()] = asset{document: sync.OnceValues(func() (document, error) { // compressing takes a while
			d, err := newDocument(body, kind)
			d.cache, d.policy = "public, max-age=31536000, immutable", partsPolicy
			return d, err
		})}
	}
	if _, has := c.byName[workerPart]; !has {
		return nil, fmt.Errorf("web: the embedded classifier lacks %s; make it again: make parts", workerPart)
	}
	c.prefix = partsPrefix + hex.EncodeToString(version.Sum(nil)[:6]) + "/"
	return c, nil
}

// worker is the URL of the script that pages start; empty if there is none.
func (c *Classifier) worker() string {
	if c == nil {
		return ""
	}
	return c.prefix + workerPart
}

// handler serves the files, of this version only: a page from before an upgrade does
// without.
func (c *Classifier) handler(notFound http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, has := c.byName[strings.TrimPrefix(r.URL.Path, c.prefix)]
		if !has {
			notFound.ServeHTTP(w, r)
			return
		}
		file, err := found.document()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		file.ServeHTTP(w, r)
	})
}
