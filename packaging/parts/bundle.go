package main

import (
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// bundle makes one module of a script here and all that it imports, with constants put
// in by name, and returns it with the directories of the packages that went in.
func bundle(entry string, constants map[string]any) (script []byte, used []string, err error) {
	dir, err := filepath.Abs(source)
	if err != nil {
		return nil, nil, err
	}
	define := map[string]string{}
	for name, value := range constants {
		quoted, err := json.Marshal(value)
		if err != nil {
			return nil, nil, err
		}
		define[name] = string(quoted)
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     dir,
		EntryPoints:       []string{entry},
		Outfile:           "out.js",
		Bundle:            true,
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone, // they are in the notice
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Define:            define,
		Metafile:          true,
		LogLevel:          api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		return nil, nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), "") + "npm ci in " + source + " installs what is missing")
	}
	used, err = packages(result.Metafile)
	return result.OutputFiles[0].Contents, used, err
}

// packages returns the directories of the packages that went into a bundle, in source.
func packages(metafile string) ([]string, error) {
	var meta struct{ Inputs map[string]struct{} }
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return nil, err
	}
	dirs := map[string]bool{}
	for input := range meta.Inputs {
		at := strings.LastIndex(input, "node_modules/")
		if at < 0 || strings.HasPrefix(input, "(disabled):") {
			continue // our own, or nothing in the place of what browsers lack
		}
		at += len("node_modules/")
		names := strings.SplitN(input[at:], "/", 3)
		name := names[0]
		if strings.HasPrefix(name, "@") {
			name += "/" + names[1]
		}
		dirs[input[:at]+name] = true
	}
	return slices.Sorted(maps.Keys(dirs)), nil
}
