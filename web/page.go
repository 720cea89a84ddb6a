package web

import (
	"fmt"
	"html/template"
	"strings"
)

// pageData is what the templates see.
type pageData struct {
	Site      string
	Policy    string
	Contact   template.HTML // how to reach the operator; empty: nobody has said
	Static    string        // prefix of asset URLs, ends in a slash
	Logo      string        // URL
	LogoType  string        // its content type
	Colours   string        // URL of the site's own colours, empty if it has none
	Banner    string
	Stills    bool   // visitors are told of them
	Worker    string // URL of what looks at them in the visitor's own browser, empty if that is elsewhere
	Age       *Age   // nil: nobody is asked for proof of it
	Name      string // of the page: "start", "about", …
	Lang      *tongue
	Languages []*tongue
	Theme     string     // "light", "dark", or "" for what the device prefers
	Text      *article   // nil: the page is a template of its own
	Extra     []article  // pages that only this site has: their names and titles
	Form      *formState // nil: the page has none

	asked bool // see variant
}

// article is what a page in Markdown says, in the language that it has.
type article struct {
	Name     string // path without the slash
	Title    string
	Version  string
	Updated  template.HTML
	Language string // empty: the language of the page around it
	Dir      string
	Body     template.HTML
}

// T returns the words of a key in the page's language, Mix those of a key with
// placeholders (see tongue.mix).
func (d pageData) T(key string) (string, error) { return d.Lang.text(key) }

// Mix: see T.
func (d pageData) Mix(key string, values ...any) (template.HTML, error) {
	return d.Lang.mix(key, values...)
}

// Href returns the address of another page of the site.
func (d pageData) Href(path string) string {
	if d.asked {
		return path + "?lang=" + d.Lang.Code
	}
	return path
}

// Others lists the languages, if there is a choice.
func (d pageData) Others() []*tongue {
	if len(d.Languages) < 2 {
		return nil
	}
	return d.Languages
}

// Words is the data block of the start page, which words.js reads.
func (d pageData) Words() any {
	return struct {
		Lang  string            `json:"lang"`
		Name  string            `json:"name"`
		Words map[string]string `json:"words"`
	}{d.Lang.Code, d.Lang.Name, d.Lang.Script}
}

// escaped returns a text as HTML; what is HTML already stays as it is.
func escaped(text any) template.HTML {
	if html, ok := text.(template.HTML); ok {
		return html
	}
	return template.HTML(template.HTMLEscapeString(fmt.Sprint(text)))
}

// element builds an HTML element for the middle of a translated sentence, with
// attributes as name, value, name, value …
func element(name string, text any, attributes ...string) template.HTML {
	var b strings.Builder
	b.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		fmt.Fprintf(&b, ` %s="%s"`, attributes[i], template.HTMLEscapeString(attributes[i+1]))
	}
	fmt.Fprintf(&b, ">%s</%s>", escaped(text), name)
	return template.HTML(b.String())
}
