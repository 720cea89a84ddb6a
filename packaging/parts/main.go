// Command parts makes what the daemon embeds of others' code for browsers, out of the
// npm packages in node_modules here (npm ci): the model that looks at stills and what
// runs it, for the chat's pages, and age, for the moderators'.
//
//	go run ./packaging/parts     from the module's root
//
// What it makes is not committed. A daemon that was built without works, and its pages
// say so.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// source is where the packages and the entry points are.
const source = "packaging/parts"

// part is one directory that a Go package embeds.
type part struct {
	dist  string // the directory
	entry string // the script that is bundled, in source
	make  func(p part) ([]file, error)
}

// file is one of a part's.
type file struct {
	name string
	data []byte
}

var parts = []part{
	{dist: "web/parts/dist", entry: "stills.js", make: stills},
	{dist: "admin/desk/dist", entry: "age.js", make: age},
}

func main() {
	for _, p := range parts {
		files, err := p.make(p)
		if err == nil {
			err = write(p.dist, files)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "parts: %s: %v\n", p.dist, err)
			os.Exit(1)
		}
	}
}

// write puts the files into a directory, and takes out what was made before.
func write(dir string, files []file) error {
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range old {
		if entry.Name() == ".gitignore" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// age is what decrypts evidence in a moderator's browser.
func age(p part) ([]file, error) {
	script, used, err := bundle(p.entry, nil)
	if err != nil {
		return nil, err
	}
	notice, err := notice(used)
	return []file{{"age.js", script}, notice}, err
}
