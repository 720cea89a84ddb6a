package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// work is something under one licence.
type work struct {
	files    []string // patterns of what it is
	holders  []string // of the copyright
	licences []string // their names
	text     string   // of the licences, and of the notice that has to stay with them
}

// newWork reads the licences out of their text.
func newWork(files, text string) (work, error) {
	names, err := licencesIn(text)
	if err != nil {
		return work{}, fmt.Errorf("%s: %w", files, err)
	}
	w := work{[]string{files}, holders(text), names, text}
	if len(w.holders) == 0 {
		name, _, _ := strings.Cut(files, "@")
		w.holders = []string{"the authors of " + name}
	}
	return w, nil
}

// ownWork is joingyd itself.
func ownWork() (work, error) {
	text, err := os.ReadFile("LICENSE")
	if errors.Is(err, os.ErrNotExist) {
		return work{[]string{"*"}, []string{"the authors of joingyd"}, []string{"none-given"}, "These sources come without a licence."}, nil
	}
	if err != nil {
		return work{}, err
	}
	return newWork("*", string(text))
}

// heading is the file's first stanza.
const heading = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: joingyd
Source: ` + homepage + `
Comment:
 One program, linked statically. MODULE@VERSION/* is a Go module that is linked
 into it, whose source is https://proxy.golang.org/MODULE/@v/VERSION.zip;
 npm:NAME@VERSION is an npm package that it serves to browsers, whose source is at
 https://www.npmjs.com/package/NAME.
`

// copyright writes the works in Debian's machine-readable format (DEP 5). Those under
// the same text share a stanza.
func copyright(own work, works []work) string {
	var order []string
	byText := map[string]work{}
	for _, w := range works {
		known, ok := byText[w.text]
		if !ok {
			order = append(order, w.text)
			byText[w.text] = w
			continue
		}
		known.files = append(known.files, w.files...)
		for _, who := range w.holders {
			if !slices.Contains(known.holders, who) {
				known.holders = append(known.holders, who)
			}
		}
		byText[w.text] = known
	}
	var b strings.Builder
	b.WriteString(heading)
	stanza(&b, own)
	for _, text := range order {
		stanza(&b, byText[text])
	}
	return b.String()
}

func stanza(b *strings.Builder, w work) {
	fmt.Fprintf(b, "\nFiles: %s\nCopyright: %s\nLicense: %s\n",
		strings.Join(w.files, "\n       "), strings.Join(w.holders, "\n           "), strings.Join(w.licences, " and "))
	blank := false
	for line := range strings.Lines(withoutApache(w.text)) {
		line = strings.TrimRight(line, " \t\r\f\n")
		if line == "" {
			blank = true
			continue
		}
		if blank {
			b.WriteString(" .\n")
			blank = false
		}
		b.WriteString(" " + line + "\n")
	}
}

// apache is the whole Apache licence, which every Debian system has in a file, with how
// to apply it.
var apache = regexp.MustCompile(`(?s)[ \t]*Apache License\s+Version 2\.0, January 2004.+?incurred\s+by,\s+or\s+claims\s+asserted\s+against,\s+such\s+Contributor\s+by\s+reason\s+of\s+your\s+accepting\s+any\s+such\s+warranty\s+or\s+additional\s+liability\.(?:\s+END OF TERMS AND CONDITIONS)?(?:\s+APPENDIX: How to apply.+?limitations under the License\.)?`)

func withoutApache(text string) string {
	return strings.TrimLeft(apache.ReplaceAllString(text,
		"Apache License, Version 2.0: on Debian systems its text is in\n/usr/share/common-licenses/Apache-2.0."), "\r\n")
}
