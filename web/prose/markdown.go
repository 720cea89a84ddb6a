package prose

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// placeholders are the known ones. A block stands alone in its paragraph.
var placeholders = map[string]struct{ block bool }{
	"site": {}, "contact": {}, "abuse": {}, "pictures": {}, "age": {}, "proof": {}, "addresses": {}, "visits": {}, "processors": {block: true}, "figures": {block: true},
}

var (
	kindPlaceholder = ast.NewNodeKind("Placeholder")
	anyPlaceholder  = regexp.MustCompile(`^\{\{[^{}\n]*\}\}`)
	pathPattern     = regexp.MustCompile(`^/[a-z0-9-]*(#.*)?$`) // of a page of the site
)

// placeholder is {{name}} in a text.
type placeholder struct {
	ast.BaseInline
	name string
	at   int // offset in the source
}

func (p *placeholder) Kind() ast.NodeKind { return kindPlaceholder }

func (p *placeholder) Dump(source []byte, level int) {
	ast.DumpHelper(p, source, level, map[string]string{"name": p.name}, nil)
}

// placeholderParser makes placeholders, known or not: check tells about the latter.
type placeholderParser struct{}

func (placeholderParser) Trigger() []byte { return []byte{'{'} }

func (placeholderParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if !bytes.HasPrefix(line, []byte("{{")) {
		return nil
	}
	whole := anyPlaceholder.Find(line)
	if whole == nil {
		whole = line[:2] // does not end
	}
	block.Advance(len(whole))
	return &placeholder{name: strings.Trim(string(whole), "{}"), at: segment.Start}
}

// markdown is CommonMark with tables, as pages are written in it.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
	goldmark.WithParserOptions(
		parser.WithAutoHeadingID(),
		parser.WithAttribute(),
		parser.WithInlineParsers(util.Prioritized(placeholderParser{}, 50)),
	),
)

// parse returns the tree of what begins at body.
func parse(source []byte, body int) ast.Node {
	context := parser.NewContext()
	context.IDs().Put([]byte("main")) // the frame around a page has it
	reader := text.NewReader(source)
	reader.SetPosition(lineOf(source, body)-1, text.NewSegment(body, body+lineLength(source[body:])))
	return markdown.Parser().Parse(reader, parser.WithContext(context))
}

func lineLength(source []byte) int {
	if end := bytes.IndexByte(source, '\n'); end >= 0 {
		return end + 1
	}
	return len(source)
}

// check returns what the page says that it must not.
func (p *Page) check() (problems []error) {
	add := func(at int, format string, values ...any) {
		problems = append(problems, &Problem{lineOf(p.source, at), fmt.Sprintf(format, values...)})
	}
	at := 0 // where the last text was: links do not know where they are
	_ = ast.Walk(p.document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if node.Type() == ast.TypeBlock && node.Lines() != nil && node.Lines().Len() > 0 {
			at = node.Lines().At(0).Start
		}
		switch node := node.(type) {
		case *ast.Text:
			at = node.Segment.Start
		case *placeholder:
			at = node.at
			p.checkPlaceholder(node, add)
		case *ast.HTMLBlock, *ast.RawHTML:
			if raw, ok := node.(*ast.RawHTML); ok {
				at = raw.Segments.At(0).Start
			}
			add(at, "HTML is not taken here; write it in Markdown, or leave it out")
		case *ast.Heading:
			checkHeading(at, node, add)
		case *ast.Link:
			checkAddress(startOf(node, at), node.Destination, add)
		case *ast.Image:
			checkAddress(startOf(node, at), node.Destination, add)
		case *ast.AutoLink:
			checkAddress(at, node.URL(p.source), add)
		}
		return ast.WalkContinue, nil
	})
	return problems
}

func checkHeading(at int, heading *ast.Heading, add func(int, string, ...any)) {
	if heading.Level == 1 {
		add(at, "the title is the only heading of the first level; begin with ## …")
	}
	for _, a := range heading.Attributes() {
		if name := string(a.Name); name != "id" && name != "class" {
			add(at, "a heading cannot have the attribute %s here; give it {#id} or {.class} alone", name)
		}
	}
}

// startOf returns where the text of a link begins, else at.
func startOf(link ast.Node, at int) int {
	if text, ok := link.FirstChild().(*ast.Text); ok {
		return text.Segment.Start
	}
	return at
}

func (p *Page) checkPlaceholder(node *placeholder, add func(int, string, ...any)) {
	known, ok := placeholders[node.name]
	alone := node.Parent().Kind() == ast.KindParagraph && node.Parent().ChildCount() == 1
	switch {
	case !ok:
		add(node.at, "the placeholder {{%s}} is not known; use {{site}}, {{contact}}, {{abuse}}, {{pictures}}, {{processors}} or {{figures}}, or write `{{`, with the backticks, if you mean these signs", node.name)
	case known.block && !alone:
		add(node.at, "{{%s}} stands for a block; give it a paragraph of its own", node.name)
	}
}

func checkAddress(at int, address []byte, add func(int, string, ...any)) {
	switch {
	case bytes.Contains(address, []byte("{{")) || bytes.Contains(address, []byte("%7B%7B")):
		add(at, "a placeholder cannot be part of an address; {{contact}} is a link by itself")
	case html.IsDangerousURL(address):
		add(at, "the address %q is not one of a page; write https://…, mailto:… or /name", address)
	}
}
