package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// daemon is the package whose parts are looked for.
const daemon = "./cmd/joingyd"

// module is one that a linked package is of.
type module struct {
	Path, Version, Dir string
	Main               bool
}

type goPackage struct {
	Dir      string
	Standard bool
	Module   *module
}

var (
	licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([.-](txt|md|mit|bsd|apache.*))?$`)
	noticeFile  = regexp.MustCompile(`(?i)^notice(\.txt|\.md)?$`)
)

// linked returns the works that are linked into the daemon: the standard library, and
// of each module whatever licence stands beside a linked package or above it.
func linked(arch string) (works []work, err error) {
	packages, err := listed(arch)
	if err != nil {
		return nil, err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
	if err != nil {
		return nil, err
	}
	library, err := newWork(runtime.Version()+"/*", string(text))
	if err != nil {
		return nil, err
	}
	works = append(works, library)
	seen := map[string]bool{}
	for _, p := range packages {
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		m := p.Module
		found := seen[m.Dir]
		for dir := p.Dir; len(dir) >= len(m.Dir); dir = filepath.Dir(dir) {
			if seen[dir] {
				continue
			}
			seen[dir] = true
			text, err := licenceIn(dir)
			if err != nil {
				return nil, err
			}
			if text == "" {
				continue
			}
			found = found || dir == m.Dir
			under := strings.TrimPrefix(dir, m.Dir)
			w, err := newWork(m.Path+"@"+m.Version+filepath.ToSlash(under)+"/*", text)
			if err != nil {
				return nil, err
			}
			works = append(works, w)
		}
		if !found {
			return nil, fmt.Errorf("%s has no licence in %s; do not link it", m.Path, m.Dir)
		}
		if data, ok := dataOf(p); ok {
			works = append(works, data)
		}
	}
	slices.SortFunc(works[1:], func(a, b work) int { return strings.Compare(a.files[0], b.files[0]) })
	return works, nil
}

// listed asks go list what the daemon is linked of.
func listed(arch string) (packages []goPackage, err error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", daemon)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// licenceIn returns the licences in a directory, with the notice that has to stay with
// them, or nothing.
func licenceIn(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var licences, notices []string
	for _, entry := range entries {
		if entry.IsDir() || !licenceFile.MatchString(entry.Name()) && !noticeFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", err
		}
		if noticeFile.MatchString(entry.Name()) {
			notices = append(notices, string(text))
		} else {
			licences = append(licences, string(text))
		}
	}
	if len(licences) == 0 {
		return "", nil
	}
	return strings.Join(append(licences, notices...), "\n\n"), nil
}

// dataOf is what a package embeds that is not under the licence of its module.
func dataOf(p goPackage) (work, bool) {
	if p.Module.Path != "golang.org/x/net" || filepath.Base(p.Dir) != "publicsuffix" {
		return work{}, false
	}
	return work{
		files:    []string{p.Module.Path + "@" + p.Module.Version + "/publicsuffix/data/*"},
		holders:  []string{"Mozilla Foundation, and the authors of the Public Suffix List"},
		licences: []string{"MPL-2.0"},
		text: "The list (https://publicsuffix.org/list/) is under the Mozilla Public License 2.0.\n" +
			"On Debian systems its text is in /usr/share/common-licenses/MPL-2.0.",
	}, true
}

// embedded is the heading of a package in the NOTICE.txt that packaging/parts makes.
var embedded = regexp.MustCompile(`(?m)^==== (\S+) (\S+) \(.*\)$`)

// noticed returns the npm packages in such a file.
func noticed(notice string) (works []work, err error) {
	at := embedded.FindAllStringSubmatchIndex(notice, -1)
	if len(at) == 0 {
		return nil, errors.New("names no package; run make parts anew")
	}
	for i, m := range at {
		end := len(notice)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		w, err := newWork("npm:"+notice[m[2]:m[3]]+"@"+notice[m[4]:m[5]], strings.TrimSpace(notice[m[1]:end]))
		if err != nil {
			return nil, err
		}
		works = append(works, w)
	}
	return works, nil
}
