package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

// pages are all HTML documents of the site, rendered.
type pages struct {
	byPath   map[string]page
	notFound page
}

// pageData is what the templates see.
type pageData struct {
	Site        string
	Policy      string
	Contact     string // as the operator wrote it
	ContactLink string // href, empty if Contact is plain text
	Static      string // prefix of asset URLs, ends in a slash
	Modules     []string
	Logo        string // URL
	LogoType    string // its content type
	Colours     string // URL of the site's own colours, empty if it has none
	Banner      string
	Name        string // of the page: "start", "about", …
	Lang        *tongue
	Languages   []*tongue
	Theme       string // "light", "dark", or "" for what the device prefers

	asked bool // see variant
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

// render executes every template in pages/ inside the layout of pages/part/, in
// every language and theme. A page's path is its file's name; start.html is "/",
// notfound.html has no path.
func render(o Options, static assets, languages []*tongue) (pages, error) {
	layout, err := template.New("").Funcs(template.FuncMap{"element": element}).ParseFS(files, "pages/part/*.html")
	if err != nil {
		return pages{}, err
	}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return pages{}, err
	}
	data := pageData{
		Site:        o.SiteName,
		Policy:      o.Policy,
		Contact:     o.Contact,
		ContactLink: contactLink(o.Contact),
		Static:      static.prefix,
		Modules:     static.modules(),
		Languages:   languages,
		Logo:        static.prefix + o.Logo.name(),
		LogoType:    contentTypes[path.Ext(o.Logo.name())],
		Banner:      o.Banner,
	}
	if o.Accent != nil {
		data.Colours = static.prefix + coloursFile
	}
	chooser := newChooser(languages)
	all := pages{byPath: map[string]page{}}
	for _, file := range names {
		data.Name = strings.TrimSuffix(path.Base(file), ".html")
		variants, err := renderPage(layout, file, data, chooser.all())
		if err != nil {
			return pages{}, fmt.Errorf("%s: %w", file, err)
		}
		switch page := (page{chooser, variants}); data.Name {
		case "start":
			all.byPath["/"] = page
		case "notfound":
			all.notFound = page
		default:
			all.byPath["/"+data.Name] = page
		}
	}
	return all, nil
}

func renderPage(layout *template.Template, file string, data pageData, variants []variant) (map[variant]document, error) {
	page, err := layout.Clone()
	if err != nil {
		return nil, err
	}
	if page, err = page.ParseFS(files, file); err != nil {
		return nil, err
	}
	byVariant := map[variant]document{}
	for _, v := range variants {
		data.Theme, data.asked = v.theme, v.asked
		for _, l := range data.Languages {
			if l.Code == v.lang {
				data.Lang = l
			}
		}
		var html bytes.Buffer
		if err := page.ExecuteTemplate(&html, "layout.html", data); err != nil {
			return nil, err
		}
		if byVariant[v], err = newDocument(html.Bytes(), "text/html; charset=utf-8"); err != nil {
			return nil, err
		}
	}
	return byVariant, nil
}

// contactLink returns where a click on the operator's contact goes, if anywhere.
func contactLink(contact string) string {
	switch {
	case strings.HasPrefix(contact, "https://"), strings.HasPrefix(contact, "http://"):
		return contact
	case strings.Contains(contact, "@") && !strings.ContainsAny(contact, " :/?&"):
		return "mailto:" + contact
	}
	return ""
}
