package desk

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
)

// static is the page. dist has what is built of other people's programs before joingyd
// is (packaging/parts), and may be empty.
//
//go:embed static
//go:embed all:dist
var files embed.FS

// opener is the script that decrypts evidence in the browser.
const opener = "age.js"

// Opens reports whether evidence that is sealed can be decrypted in the browser: whether
// the program was built with what does it.
func Opens() bool {
	_, err := fs.Stat(files, "dist/"+opener)
	return err == nil
}

// contentTypes are set here because mime.TypeByExtension depends on the machine.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// routeFiles serves the page at / and its parts at /static/ and /dist/.
func routeFiles(mux *http.ServeMux) error {
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		kind, known := contentTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || !known {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		at := "/" + name
		if name == "static/index.html" {
			at = "/{$}"
		}
		mux.HandleFunc("GET "+at, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(body) // the browser may be gone
		})
		return nil
	})
}
