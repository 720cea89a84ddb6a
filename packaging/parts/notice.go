package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// notice is the copyrights and licences of packages, in one file that stays with what
// was made of them.
func notice(dirs []string) (file, error) {
	var all bytes.Buffer
	all.WriteString("What is beside this file was made of these packages.\n")
	for _, dir := range dirs {
		dir = filepath.Join(source, dir)
		var about struct{ Name, Version, License string }
		text, err := os.ReadFile(filepath.Join(dir, "package.json"))
		if err == nil {
			err = json.Unmarshal(text, &about)
		}
		if err != nil {
			return file{}, err
		}
		licence, err := licenceOf(dir, about.License)
		if err != nil {
			return file{}, err
		}
		fmt.Fprintf(&all, "\n==== %s %s (%s)\n\n%s\n", about.Name, about.Version, about.License, bytes.TrimSpace(licence))
	}
	return file{"NOTICE.txt", all.Bytes()}, nil
}

// inReadme finds a licence at the end of a package's README.
var inReadme = regexp.MustCompile(`(?mi)^(?:#+ )?licen[cs]e\b`)

// licenceOf returns the text of a package's licence: its file, what its README says at
// its end, or what is in licences/ for packages that only name theirs: several are
// joined by AND.
func licenceOf(dir, id string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "LICEN[CS]E*"))
	if err != nil {
		return nil, err
	}
	if len(files) > 0 {
		return os.ReadFile(files[0])
	}
	if text, err := os.ReadFile(filepath.Join(dir, "README.md")); err == nil {
		if at := inReadme.FindIndex(text); at != nil {
			return text[at[0]:], nil
		}
	}
	var all []byte
	for one := range strings.SplitSeq(id, " AND ") {
		text, err := os.ReadFile(filepath.Join(source, "licences", filepath.Base(dir)+"-"+one+".txt"))
		if err != nil {
			text, err = os.ReadFile(filepath.Join(source, "licences", one+".txt"))
		}
		if err != nil {
			return nil, fmt.Errorf("%s does not say what its licence %s is; put the text into %s/licences", dir, one, source)
		}
		all = append(all, text...)
	}
	return all, nil
}
