package prose

import (
	"html/template"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// values renders what depends on the site: placeholders, and links within it.
type values struct {
	byName map[string]template.HTML
	link   func(path string) string
}

// newRenderer returns goldmark's renderer with ours in front of it.
func newRenderer(v Values) renderer.Renderer {
	link := v.Link
	if link == nil {
		link = func(path string) string { return path }
	}
	ours := values{map[string]template.HTML{"site": v.Site, "contact": v.Contact, "abuse": v.Abuse, "pictures": v.Pictures, "age": v.Age, "proof": v.Proof, "addresses": v.Addresses, "visits": v.Visits, "processors": v.Processors, "figures": v.Figures}, link}
	return renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(ours, 100),
		util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), 500),
		util.Prioritized(html.NewRenderer(), 1000),
	))
}

// RegisterFuncs implements renderer.NodeRenderer.
func (v values) RegisterFuncs(register renderer.NodeRendererFuncRegisterer) {
	register.Register(kindPlaceholder, v.placeholder)
	register.Register(ast.KindParagraph, v.paragraph)
	register.Register(ast.KindLink, v.anchor)
}

func (v values) placeholder(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(string(v.byName[node.(*placeholder).name])) // w keeps its error
	}
	return ast.WalkContinue, nil
}

// paragraph leaves the <p> away around what is a block itself.
func (v values) paragraph(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if only, ok := node.FirstChild().(*placeholder); ok && placeholders[only.name].block {
		if !entering {
			_ = w.WriteByte('\n')
		}
		return ast.WalkContinue, nil
	}
	if entering {
		_, _ = w.WriteString("<p>")
	} else {
		_, _ = w.WriteString("</p>\n")
	}
	return ast.WalkContinue, nil
}

// anchor writes links: those within the site as it wants them, and none to code.
func (v values) anchor(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, _ = w.WriteString("</a>")
		return ast.WalkContinue, nil
	}
	n := node.(*ast.Link)
	address := util.URLEscape(n.Destination, true)
	switch {
	case html.IsDangerousURL(address):
		address = nil
	case pathPattern.Match(address):
		path, fragment, found := strings.Cut(string(address), "#")
		address = []byte(v.link(path))
		if found {
			address = append(address, "#"+fragment...)
		}
	}
	_, _ = w.WriteString(`<a href="`)
	_, _ = w.Write(util.EscapeHTML(address))
	if len(n.Title) > 0 {
		_, _ = w.WriteString(`" title="`)
		_, _ = w.Write(util.EscapeHTML(n.Title))
	}
	_, _ = w.WriteString(`">`)
	return ast.WalkContinue, nil
}
