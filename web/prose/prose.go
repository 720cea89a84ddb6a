// Package prose reads the pages that a site is asked to have (rules, privacy, …)
// from Markdown, and writes them as HTML. Operators write such files too, so
// whatever is wrong in one is told with its line and the remedy, and nothing in one
// can become a script: raw HTML is refused, and so is a link to code.
//
// A page begins with its front matter, a few lines of YAML:
//
//	---
//	title: Rules
//	version: 2026-11-28
//	updated: 2026-11-28
//	---
//
// What follows is CommonMark with tables, and attributes of headings ({#id}). A
// placeholder, such as {{contact}}, stands for something that the site knows.
package prose

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
)

// MaxSize is how long a page may be, in bytes.
const MaxSize = 1 << 20

// Page is one page. It is only read, and may be by several goroutines.
type Page struct {
	Title    string // may contain {{site}}: see TitleFor
	Version  string // of what the page says; visitors accept that of some
	Updated  time.Time
	Language string // BCP 47; empty if the file does not say

	source   []byte
	document ast.Node
}

// Problem is one thing that keeps a page from being used.
type Problem struct {
	Line   int    // from 1
	Detail string // what is wrong, and what to write instead
}

// Error implements error.
func (p *Problem) Error() string { return fmt.Sprintf("%d: %s", p.Line, p.Detail) }

// Parse reads a page. Its error is a *Problem, or several joined.
func Parse(source []byte) (*Page, error) {
	if len(source) > MaxSize {
		return nil, &Problem{1, fmt.Sprintf("is longer than %d bytes; shorten it", MaxSize)}
	}
	source = bytes.TrimPrefix(source, []byte("\uFEFF")) // some editors mark UTF-8 so
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	if !utf8.Valid(source) {
		return nil, &Problem{lineOf(source, invalid(source)), "is not UTF-8; save the file in that encoding"}
	}
	page := &Page{source: source}
	body, err := page.readFront()
	if err != nil {
		return nil, err
	}
	page.document = parse(source, body)
	if err := errors.Join(page.check()...); err != nil {
		return nil, err
	}
	return page, nil
}

// TitleFor returns the title as plain text, of a site with this name.
func (p *Page) TitleFor(site string) string {
	return strings.ReplaceAll(p.Title, "{{site}}", site)
}

// Uses reports whether the page may have a placeholder.
func (p *Page) Uses(placeholder string) bool {
	return bytes.Contains(p.source, []byte("{{"+placeholder+"}}"))
}

// Values are what placeholders stand for.
type Values struct {
	Site       template.HTML
	Contact    template.HTML // how to reach the operator
	Abuse      template.HTML // how to report abuse
	Pictures   template.HTML // who looks at pictures of video chats
	Age        template.HTML // how visitors show that they are adults
	Proof      template.HTML // what becomes of a proof of age
	Addresses  template.HTML // whether there is a log of visitors' addresses
	Visits     template.HTML // the same, for authorities
	Processors template.HTML // one block: who else handles data
	Figures    template.HTML // one block: monthly figures

	Link func(path string) string // address of the page at a path of the site; nil: the path
}

// HTML returns the page below its title.
func (p *Page) HTML(v Values) (template.HTML, error) {
	var b bytes.Buffer
	if err := newRenderer(v).Render(&b, p.source, p.document); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

// lineOf returns the line of an offset, from 1.
func lineOf(source []byte, offset int) int {
	return 1 + bytes.Count(source[:min(offset, len(source))], []byte("\n"))
}

// invalid returns the offset of the first byte that is not UTF-8.
func invalid(source []byte) int {
	for at := 0; at < len(source); {
		r, size := utf8.DecodeRune(source[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(source)
}
