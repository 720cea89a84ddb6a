package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// contentTypes are set here because mime.TypeByExtension depends on the machine.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".map": "application/json",
	".png": "image/png",
	".svg": "image/svg+xml",
}

// asset is a file under /static/.
type asset struct {
	version  string                   // another one for what was made from anything else
	document func() (document, error) // may take a while when it is first called
}

// ready returns the asset that is a document already.
func ready(d document) asset {
	return asset{d.plain.etag, func() (document, error) { return d, nil }}
}

// embedded are the files in static/ by their path there, as they are served: scripts
// and style sheets in bundles. They are the same for every site. It is only read.
var embedded = sync.OnceValues(func() (map[string]asset, error) {
	byPath := map[string]asset{}
	sources := sha256.New()
	fmt.Fprintf(sources, "%+v\n", bundling)
	err := fs.WalkDir(files, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "static/"+workerFile {
			return err
		}
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s: no content type is known for this file", name)
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if ending := path.Ext(name); ending == ".js" || ending == ".css" {
			fmt.Fprintln(sources, name, len(body))
			sources.Write(body)
			return nil
		}
		d, err := newDocument(body, contentType)
		byPath[strings.TrimPrefix(name, "static/")] = ready(d)
		return err
	})
	version := hex.EncodeToString(sources.Sum(nil))
	for _, name := range bundled() {
		byPath[name] = asset{version, sync.OnceValues(func() (document, error) {
			all, err := bundle()
			if err != nil {
				return document{}, err
			}
			return newDocument(all[name], contentTypes[path.Ext(name)])
		})}
	}
	return byPath, err
})

// assets are the files under /static/. Pages refer to them by prefix, which
// names a version of all of them together, so that browsers may keep them forever.
type assets struct {
	byPath map[string]asset // "js/main.js"
	prefix string           // "/static/v-0123456789ab/"
}

// loadAssets returns the embedded files, and those of this site.
func loadAssets(own map[string]document) (assets, error) {
	all, err := embedded()
	if err != nil {
		return assets{}, err
	}
	byPath := maps.Clone(all)
	for name, d := range own {
		byPath[name] = ready(d)
	}
	version := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(byPath)) {
		fmt.Fprintln(version, name, byPath[name].version)
	}
	return assets{byPath, "/static/v-" + hex.EncodeToString(version.Sum(nil)[:6]) + "/"}, nil
}

// handler serves assets with and without a version in their path. Another
// version than ours (a page from before an upgrade, or from another node) gets
// what we have, to be asked for again.
func (a assets) handler(notFound http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("path")
		if first, rest, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(first, "v-") {
			name = rest
		}
		found, ok := a.byPath[name]
		if !ok {
			notFound.ServeHTTP(w, r)
			return
		}
		file, err := found.document()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if r.URL.Path == a.prefix+name {
			file.cache = "public, max-age=31536000, immutable"
		}
		file.ServeHTTP(w, r)
	})
}
