package web

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/joingyd/joingyd/web/prose"
)

// Texts are the pages in Markdown, each in some languages: the built-in ones, and
// the operator's instead of them or besides. They are only read.
type Texts struct {
	languages []*tongue
	builtIn   map[string]byLanguage // by name: "rules"
	own       map[string]byLanguage
}

// byLanguage is one page by language code. The operator's NAME.md has the code "".
type byLanguage map[string]*prose.Page

var (
	textName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

	// reserved are paths of the site that are no pages of its operator.
	reserved = []string{"age", "api", "ban", "form", "healthz", "notfound", "offline", "readyz", "start", "static", "text", "ws"}
)

// LoadTexts reads the pages in Markdown: the built-in ones, and those in dir, if it
// is not empty. There, NAME.CODE.md is the page /NAME in a language of the site, and
// NAME.md is it in all languages that have none. Its error joins one for everything
// that is wrong, with file and line.
func LoadTexts(dir string) (*Texts, error) {
	t, err := builtInTexts()
	if err != nil || dir == "" {
		return t, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w; make this directory, for example with `joingyd site pages`, or name another", err)
	}
	own := *t
	own.own = map[string]byLanguage{}
	var errs []error
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, "~") {
			errs = append(errs, own.addOwn(filepath.Join(dir, name)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.own)) {
		if own.own[name][""] == nil && own.builtIn[name] == nil {
			errs = append(errs, fmt.Errorf("%s: is missing, and /%s has no page for visitors of other languages; add it", filepath.Join(dir, name+".md"), name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &own, nil
}

// BuiltInPages returns the built-in pages as files for LoadTexts, by name.
func BuiltInPages() (map[string][]byte, error) {
	pages := map[string][]byte{}
	names, err := fs.Glob(files, "pages/*/*.md")
	if err != nil {
		return nil, err
	}
	for _, file := range names {
		name := path.Base(file)
		if code := path.Base(path.Dir(file)); code != defaultLanguage {
			name = strings.TrimSuffix(name, ".md") + "." + code + ".md"
		}
		if pages[name], err = files.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// builtInTexts returns the embedded pages, pages/CODE/NAME.md.
var builtInTexts = sync.OnceValues(func() (*Texts, error) {
	languages, err := loadLanguages(files)
	if err != nil {
		return nil, err
	}
	t := &Texts{languages: languages, builtIn: map[string]byLanguage{}}
	for _, l := range languages {
		names, err := fs.Glob(files, "pages/"+l.Code+"/*.md")
		if err != nil {
			return nil, err
		}
		for _, file := range names {
			source, err := files.ReadFile(file)
			if err != nil {
				return nil, err
			}
			page, err := prose.Parse(source)
			if err != nil {
				return nil, fmt.Errorf("%s:%w", file, err)
			}
			name := strings.TrimSuffix(path.Base(file), ".md")
			if t.builtIn[name] == nil {
				t.builtIn[name] = byLanguage{}
			}
			t.builtIn[name][l.Code] = page
		}
	}
	return t, nil
})

// addOwn adds one file of the operator.
func (t *Texts) addOwn(file string) error {
	base, ok := strings.CutSuffix(filepath.Base(file), ".md")
	name, code, _ := strings.Cut(base, ".")
	switch {
	case !ok || !textName.MatchString(name):
		return fmt.Errorf("%s: is not named as a page; name it like imprint.md or rules.de.md, in small letters, or move it elsewhere", file)
	case base != name && !slices.ContainsFunc(t.languages, func(l *tongue) bool { return l.Code == code }):
		return fmt.Errorf("%s: the site has no language %q; known are %s", file, code, strings.Join(t.codes(), ", "))
	case slices.Contains(reserved, name):
		return fmt.Errorf("%s: /%s is not free for a page; choose another name", file, name)
	}
	source, err := readText(file)
	if err != nil {
		return fmt.Errorf("%w; make it a file that the daemon's user can read", err)
	}
	page, err := prose.Parse(source)
	if err != nil {
		return located(file, err)
	}
	if t.own[name] == nil {
		t.own[name] = byLanguage{}
	}
	t.own[name][code] = page
	return nil
}

// readText reads no more than a page can be.
func readText(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, prose.MaxSize+1))
}

// located puts the file's name before each problem in it.
func located(file string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s:%w", file, err)
	}
	var errs []error
	for _, err := range joined.Unwrap() {
		errs = append(errs, fmt.Errorf("%s:%w", file, err))
	}
	return errors.Join(errs...)
}

// uses reports whether a page has a placeholder, in any language.
func (t *Texts) uses(name, placeholder string) bool {
	for _, code := range t.codes() {
		if page, _ := t.page(name, code); page.Uses(placeholder) {
			return true
		}
	}
	return false
}

func (t *Texts) codes() (codes []string) {
	for _, l := range t.languages {
		codes = append(codes, l.Code)
	}
	return codes
}

// names lists all pages, sorted.
func (t *Texts) names() []string {
	names := maps.Clone(t.builtIn)
	maps.Copy(names, t.own)
	return slices.Sorted(maps.Keys(names))
}

// extra lists the pages that the site has beside the built-in ones, sorted.
func (t *Texts) extra() (names []string) {
	for _, name := range t.names() {
		if t.builtIn[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

// page returns a page as visitors of a language see it, and its own language. What
// the operator wrote wins in any language over what is built in: it may say
// something else.
func (t *Texts) page(name, code string) (page *prose.Page, language string) {
	if page := t.own[name][code]; page != nil {
		return page, code
	}
	if page := t.own[name][""]; page != nil {
		if page.Language != "" {
			return page, page.Language
		}
		return page, defaultLanguage
	}
	if page := t.builtIn[name][code]; page != nil {
		return page, code
	}
	return t.builtIn[name][defaultLanguage], defaultLanguage
}
