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
	".png": "image/png",
	".svg": "image/svg+xml",
}

// embedded are the files in static/ by their path there, made ready once in a
// process: they are the same for every site. It is only read.
var embedded = sync.OnceValues(func() (map[string]document, error) {
	byPath := map[string]document{}
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
		if path.Ext(name) == ".js" {
			body = withoutComments(body)
		}
		byPath[strings.TrimPrefix(name, "static/")], err = newDocument(body, contentType)
		return err
	})
	return byPath, err
})

// assets are the files under /static/. Pages refer to them by prefix, which
// names a version of all of them together: imports between modules are relative,
// so a page never mixes files of two versions, and browsers may keep them forever.
type assets struct {
	byPath map[string]document // "js/main.js"
	prefix string              // "/static/v-0123456789ab/"
}

// loadAssets returns the embedded files, and those of this site.
func loadAssets(own map[string]document) (assets, error) {
	all, err := embedded()
	if err != nil {
		return assets{}, err
	}
	byPath := maps.Clone(all)
	maps.Copy(byPath, own)
	version := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(byPath)) {
		fmt.Fprintln(version, name, byPath[name].plain.etag)
	}
	return assets{byPath, "/static/v-" + hex.EncodeToString(version.Sum(nil)[:6]) + "/"}, nil
}

// modules returns the URLs of all scripts, for preloading; not of types.js, which
// nothing imports but comments.
func (a assets) modules() []string {
	var urls []string
	for _, name := range slices.Sorted(maps.Keys(a.byPath)) {
		if path.Ext(name) == ".js" && name != "js/types.js" {
			urls = append(urls, a.prefix+name)
		}
	}
	return urls
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
		file, ok := a.byPath[name]
		if !ok {
			notFound.ServeHTTP(w, r)
			return
		}
		if r.URL.Path == a.prefix+name {
			file.cache = "public, max-age=31536000, immutable"
		}
		file.ServeHTTP(w, r)
	})
}
