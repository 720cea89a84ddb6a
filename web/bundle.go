package web

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// bundling makes one script of the client's modules, main.js, one of those that other
// pages run, page.js, and one of what the page /age runs besides, prove.js, and takes out of them and of the style sheet what only
// their readers need. The source maps show the modules to who opens a browser's
// developer tools.
var bundling = api.BuildOptions{
	EntryPoints:       []string{"js/main.js", "js/page.js", "js/prove.js", "site.css"},
	Outdir:            "/",
	Bundle:            true,
	Format:            api.FormatESModule,
	Target:            api.ES2022,
	Charset:           api.CharsetUTF8,
	LegalComments:     api.LegalCommentsNone,
	MinifyWhitespace:  true,
	MinifyIdentifiers: true,
	MinifySyntax:      true,
	Sourcemap:         api.SourceMapExternal,
	LogLevel:          api.LogLevelSilent,
}

// bundled are the names under /static/ of what bundle makes, but for main.js: that is
// in the start page (inline.go).
func bundled() []string {
	var names []string
	for _, entry := range bundling.EntryPoints {
		if entry != "js/main.js" {
			names = append(names, entry)
		}
		names = append(names, entry+".map")
	}
	return names
}

// bundle builds them, by name, once in a process and when one is first asked for:
// it takes longer than all else at a start. Nothing but the embedded files goes in,
// so that the tests know that it succeeds.
var bundle = sync.OnceValues(func() (map[string][]byte, error) {
	options := bundling
	options.Plugins = []api.Plugin{{Name: "embedded", Setup: fromEmbedded}}
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), ""))
	}
	byName := map[string][]byte{}
	for _, file := range result.OutputFiles {
		byName[strings.TrimPrefix(file.Path, "/")] = file.Contents
	}
	return byName, nil
})

// fromEmbedded has esbuild read the files of static/ and no others.
func fromEmbedded(build api.PluginBuild) {
	const namespace = "static"
	build.OnResolve(api.OnResolveOptions{Filter: `.*`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		name := args.Path
		if args.Kind != api.ResolveEntryPoint {
			name = path.Join(path.Dir(args.Importer), args.Path)
		}
		return api.OnResolveResult{Path: name, Namespace: namespace}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: namespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		source, err := files.ReadFile("static/" + args.Path)
		if err != nil {
			return api.OnLoadResult{}, fmt.Errorf("%s: %w", args.Path, err)
		}
		contents, loader := string(source), api.LoaderJS
		if path.Ext(args.Path) == ".css" {
			loader = api.LoaderCSS
		}
		return api.OnLoadResult{Contents: &contents, Loader: loader}, nil
	})
}
