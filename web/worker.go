package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
)

const (
	workerFile = "sw.js" // in static/, but served at the root: a worker rules what is below it
	workerPath = "/sw.js"
	offline    = "/offline"
)

// newWorker returns the service worker with what it keeps on the visitor's device
// put before it: the files of this version, so that it is another one with each.
func newWorker(o Options, static assets) (document, error) {
	source, err := files.ReadFile("static/" + workerFile)
	if err != nil {
		return document{}, err
	}
	var keep []string
	for _, name := range slices.Sorted(maps.Keys(static.byPath)) {
		if ending := path.Ext(name); ending == ".js" || ending == ".css" || name == o.Logo.name() {
			keep = append(keep, static.prefix+name)
		}
	}
	shell, err := json.Marshal(struct {
		Prefix  string   `json:"prefix"`
		Offline string   `json:"offline"`
		Files   []string `json:"files"`
	}{static.prefix, offline, keep})
	if err != nil {
		return document{}, err
	}
	return newDocument(fmt.Appendf(nil, "self.shell = %s;\n%s", shell, source), contentTypes[".js"])
}
