package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// defaultLanguage is the one that every text is written in first: the others
// must have the same keys. Who prefers none that there is gets it.
const defaultLanguage = "en"

// tongue is one language of the site: a file languages/CODE.json. (Language
// would be the name of the package that it is matched with.)
type tongue struct {
	Code   string            `json:"-"`
	Name   string            `json:"name"` // in the language itself
	Dir    string            `json:"dir"`  // "ltr" or "rtl"
	Page   map[string]string `json:"page"`
	Script map[string]string `json:"script"`

	tag language.Tag
}

// text returns the words of a key. Asking for one that is not there is a
// mistake in a template, which New finds by rendering all of them.
func (l *tongue) text(key string) (string, error) {
	words, ok := l.Page[key]
	if !ok {
		return "", fmt.Errorf("languages/%s.json has no page text %q", l.Code, key)
	}
	return words, nil
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// mix returns the words of a key as HTML, with its placeholders replaced by
// values: name, value, name, value … A string is escaped, template.HTML is not.
func (l *tongue) mix(key string, values ...any) (template.HTML, error) {
	words, err := l.text(key)
	if err != nil {
		return "", err
	}
	if want := placeholder.FindAllString(words, -1); len(values) != 2*len(want) {
		return "", fmt.Errorf("languages/%s.json: %q has the placeholders %v, %d values are given", l.Code, key, want, len(values)/2)
	}
	html := template.HTMLEscapeString(words)
	replace := make([]string, 0, len(values))
	for i := 0; i+1 < len(values); i += 2 {
		name := fmt.Sprintf("{%v}", values[i])
		if !strings.Contains(html, name) {
			return "", fmt.Errorf("languages/%s.json: %q has no placeholder %s", l.Code, key, name)
		}
		replace = append(replace, name, string(escaped(values[i+1])))
	}
	return template.HTML(strings.NewReplacer(replace...).Replace(html)), nil
}

// date returns a day as the language writes it.
func (l *tongue) date(day time.Time) (template.HTML, error) {
	month, err := l.text("date.month." + strconv.Itoa(int(day.Month())))
	if err != nil {
		return "", err
	}
	return l.mix("date", "day", day.Day(), "month", month, "year", day.Year())
}

// loadLanguages reads all of languages/*.json, the default first. They must be
// complete: a site with half of its words in another language is not one.
func loadLanguages(from fs.FS) ([]*tongue, error) {
	names, err := fs.Glob(from, "languages/*.json")
	if err != nil {
		return nil, err
	}
	var all []*tongue
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		l, err := parseLanguage(strings.TrimSuffix(path.Base(name), ".json"), data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, l)
	}
	first := slices.IndexFunc(all, func(l *tongue) bool { return l.Code == defaultLanguage })
	if first < 0 {
		return nil, fmt.Errorf("languages/%s.json is missing", defaultLanguage)
	}
	reference := all[first]
	all = slices.Insert(slices.Delete(all, first, first+1), 0, reference)
	for _, l := range all[1:] {
		if err := l.complete(reference); err != nil {
			return nil, fmt.Errorf("languages/%s.json: %w", l.Code, err)
		}
	}
	return all, nil
}

func parseLanguage(code string, data []byte) (*tongue, error) {
	l := &tongue{Code: code}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(l); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("something follows the end of the language")
	}
	var err error
	if l.tag, err = language.Parse(code); err != nil || l.tag.String() != code {
		return nil, fmt.Errorf("%q is not a language code as in BCP 47; name the file for example de.json or pt-BR.json", code)
	}
	switch {
	case l.Name == "":
		return nil, errors.New(`"name" is missing: what the language calls itself`)
	case l.Dir != "ltr" && l.Dir != "rtl":
		return nil, fmt.Errorf(`"dir" is %q, want "ltr" or "rtl"`, l.Dir)
	case l.Script == nil:
		return nil, errors.New(`"script" is missing`)
	}
	return l, nil
}

// complete reports what l lacks, or has too much, beside the reference.
func (l *tongue) complete(reference *tongue) error {
	return errors.Join(
		compare("page", sentences(l.Page), sentences(reference.Page)),
		compare("script", sentences(l.Script), sentences(reference.Script)),
		l.counts(reference),
	)
}

// numbers are the plural categories of CLDR. A key that ends in one of them is
// a form of the key before it, and which of them there are is up to a language.
var numbers = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// counted returns the key that a plural form belongs to, and the form.
func counted(key string) (base, number string, ok bool) {
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return key, "", false
	}
	_, ok = numbers[key[dot+1:]]
	return key[:dot], key[dot+1:], ok
}

// sentences returns the placeholders of each key, sorted. Of the plural forms of
// a sentence only "other" counts: "one stranger" needs no number.
func sentences(words map[string]string) map[string][]string {
	all := map[string][]string{}
	for key, text := range words {
		if base, number, ok := counted(key); ok && words[base+".other"] != "" {
			if number != "other" {
				continue
			}
			key = base
		}
		names := placeholder.FindAllString(text, -1)
		slices.Sort(names)
		all[key] = names
	}
	return all
}

func compare(part string, have, want map[string][]string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(want)) {
		names, ok := have[key]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("%q lacks %q", part, key))
		case !slices.Equal(names, want[key]):
			errs = append(errs, fmt.Errorf("%q: %q has the placeholders %v, want %v as in %s.json", part, key, names, want[key], defaultLanguage))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[key]; !ok {
			errs = append(errs, fmt.Errorf("%q has %q, which %s.json has not: remove it", part, key, defaultLanguage))
		}
	}
	return errors.Join(errs...)
}

// counts reports plural forms that the language needs and that are not there.
func (l *tongue) counts(reference *tongue) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(reference.Script)) {
		base, number, ok := counted(key)
		if !ok || number != "other" {
			continue
		}
		for _, form := range slices.Sorted(maps.Keys(numbers)) {
			if _, ok := l.Script[base+"."+form]; !ok && l.uses(numbers[form]) {
				errs = append(errs, fmt.Errorf(`"script" lacks %q: the language has this plural form`, base+"."+form))
			}
		}
	}
	return errors.Join(errs...)
}

// uses reports whether the language has a plural form for some number.
func (l *tongue) uses(form plural.Form) bool {
	for n := range 201 {
		if plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0) == form {
			return true
		}
	}
	return false
}
