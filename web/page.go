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
	byPath   map[string]document
	notFound document
}

// pageData is what the templates see.
type pageData struct {
	Site        string
	Policy      string
	Contact     string // as the operator wrote it
	ContactLink string // href, empty if Contact is plain text
	Static      string // prefix of asset URLs, ends in a slash
	Modules     []string
	Name        string // of the page: "start", "about", …
}

// render executes every template in pages/ inside the layout of pages/part/. A
// page's path is its file's name; start.html is "/", notfound.html has no path.
func render(o Options, static assets) (pages, error) {
	layout, err := template.ParseFS(files, "pages/part/*.html")
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
	}
	all := pages{byPath: map[string]document{}}
	for _, file := range names {
		data.Name = strings.TrimSuffix(path.Base(file), ".html")
		page, err := renderPage(layout, file, data)
		if err != nil {
			return pages{}, fmt.Errorf("%s: %w", file, err)
		}
		switch data.Name {
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

func renderPage(layout *template.Template, file string, data pageData) (document, error) {
	page, err := layout.Clone()
	if err != nil {
		return document{}, err
	}
	if page, err = page.ParseFS(files, file); err != nil {
		return document{}, err
	}
	var html bytes.Buffer
	if err := page.ExecuteTemplate(&html, "layout.html", data); err != nil {
		return document{}, err
	}
	return newDocument(html.Bytes(), "text/html; charset=utf-8"), nil
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
