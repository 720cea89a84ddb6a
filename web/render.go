package web

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/joingyd/joingyd/web/prose"
)

// pages are all HTML documents of the site, rendered.
type pages struct {
	byPath   map[string]page
	forms    map[string]*formPage // in place of those of byPath
	live     map[string]*livePage // those with figures
	notFound page
	ban      http.Handler
}

// rendering renders the pages of one site.
type rendering struct {
	options Options
	texts   *Texts
	layout  *template.Template
	chooser *chooser
	common  pageData // what all pages share
	figures []Figures
	block   *template.Template // of figures: what was executed is cloned no more
}

// render executes the templates in pages/ inside the layout of pages/part/, in every
// language and theme: start.html is "/", age.html "/age" where there is one, notfound.html
// has no path, and text.html is every page in Markdown, whose path is its name.
func render(o Options, static assets, texts *Texts) (pages, error) {
	layout, err := parseLayout()
	if err != nil {
		return pages{}, err
	}
	r := rendering{o, texts, layout, newChooser(texts.languages), pageData{
		Site:      o.SiteName,
		Policy:    cmp.Or(o.Policy, texts.Policy()),
		Contact:   contact(o.Contact, ""),
		Static:    static.prefix,
		Logo:      static.prefix + o.Logo.name(),
		LogoType:  contentTypes[path.Ext(o.Logo.name())],
		Banner:    o.Banner,
		Stills:    o.Stills,
		Worker:    o.Classifier.worker(),
		Age:       o.Age,
		Languages: texts.languages,
	}, nil, nil}
	if r.block, err = layout.Clone(); err != nil {
		return pages{}, err
	}
	if o.Accent != nil {
		r.common.Colours = static.prefix + coloursFile
	}
	all := pages{byPath: map[string]page{}, live: map[string]*livePage{}}
	if all.byPath["/"], err = r.page("start.html", "start"); err != nil {
		return pages{}, err
	}
	if all.notFound, err = r.page("notfound.html", "notfound"); err != nil {
		return pages{}, err
	}
	if all.ban, err = r.banPage(); err != nil {
		return pages{}, err
	}
	if all.byPath[offline], err = r.page("offline.html", "offline"); err != nil {
		return pages{}, err
	}
	if o.Age != nil {
		if all.byPath[agePath], err = r.page("age.html", "age"); err != nil {
			return pages{}, err
		}
	}
	for _, name := range texts.names() {
		if o.Figures != nil && texts.uses(name, "figures") {
			if all.live["/"+name], err = r.live(name); err != nil {
				return pages{}, err
			}
			continue
		}
		if all.byPath["/"+name], err = r.page("text.html", name); err != nil {
			return pages{}, err
		}
	}
	all.forms, err = r.formPages(o)
	return all, err
}

// parseLayout returns what all pages have around them.
func parseLayout() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{"element": element}).ParseFS(files, "pages/part/*.html")
}

// live renders a page with the figures of now, and again later.
func (r *rendering) live(name string) (*livePage, error) {
	l := &livePage{figures: r.options.Figures, log: r.options.Logger, asked: time.Now(), render: func(figures []Figures) (page, error) {
		anew := *r
		anew.figures = figures
		return anew.page("text.html", name)
	}}
	return l, l.renewLocked()
}

// page renders a page in all its variants.
func (r *rendering) page(file, name string) (page, error) {
	all := page{r.chooser, map[variant]func() (document, error){}}
	tree, err := r.layout.Clone()
	if err != nil {
		return all, err
	}
	if tree, err = tree.ParseFS(files, "pages/"+file); err != nil {
		return all, err
	}
	for _, v := range r.chooser.all() {
		html := sync.OnceValues(func() ([]byte, error) {
			data, err := r.data(name, v)
			if err != nil {
				return nil, fmt.Errorf("/%s: %w", name, err)
			}
			var html bytes.Buffer
			err = tree.ExecuteTemplate(&html, "layout.html", data)
			return html.Bytes(), err
		})
		// All variants would take longer than all else at a start, and compressing them longer yet: a
		// plain one of each language is made now, so that what cannot be rendered fails here.
		if v.plain() {
			if _, err := html(); err != nil {
				return all, err
			}
		}
		all.variants[v] = sync.OnceValues(func() (document, error) {
			body, err := html()
			if err != nil {
				return document{}, err
			}
			policy := ""
			if name == "start" {
				if body, policy, err = r.inline(body); err != nil {
					return document{}, err
				}
			}
			d, err := newDocument(body, "text/html; charset=utf-8")
			d.policy = policy
			return d, err
		})
	}
	return all, nil
}

// data is what the template of a page sees.
func (r *rendering) data(name string, v variant) (pageData, error) {
	data := r.common
	data.Name, data.Theme, data.asked = name, v.theme, v.asked
	for _, l := range r.texts.languages {
		if l.Code == v.lang {
			data.Lang = l
		}
	}
	for _, name := range r.texts.extra() {
		page, _ := r.texts.page(name, v.lang)
		data.Extra = append(data.Extra, article{Name: name, Title: page.TitleFor(r.options.SiteName)})
	}
	if source, language := r.texts.page(name, v.lang); source != nil {
		text, err := r.text(source, data)
		if err != nil {
			return data, err
		}
		text.Name = name
		if language != v.lang {
			text.Language, text.Dir = language, "auto"
		}
		data.Text = text
	}
	return data, nil
}

// looked is the key of the words that say who looks at pictures.
func (o Options) looked() string {
	switch {
	case o.Classifier != nil:
		return "pictures.browser"
	case o.Stills:
		return "pictures.program"
	}
	return "pictures.nobody"
}

func (r *rendering) text(source *prose.Page, data pageData) (*article, error) {
	l := data.Lang
	nobody, err := l.text("contact.none")
	if err != nil {
		return nil, err
	}
	noProcessors, err := l.text("processors.none")
	if err != nil {
		return nil, err
	}
	pictures, err := l.text(r.options.looked())
	if err != nil {
		return nil, err
	}
	age, proof, err := r.options.ages(l)
	if err != nil {
		return nil, err
	}
	addresses, visits, err := r.options.addresses(l)
	if err != nil {
		return nil, err
	}
	processors, err := r.options.processors(l)
	if err != nil {
		return nil, err
	}
	updated, err := l.date(source.Updated)
	if err != nil {
		return nil, err
	}
	var figures template.HTML
	if source.Uses("figures") {
		if figures, err = r.figuresIn(data, nobody); err != nil {
			return nil, err
		}
	}
	body, err := source.HTML(prose.Values{
		Site:       escaped(r.options.SiteName),
		Contact:    contact(r.options.Contact, nobody),
		Abuse:      contact(cmp.Or(r.options.Abuse, r.options.Contact), nobody),
		Pictures:   escaped(pictures),
		Age:        age,
		Proof:      proof,
		Addresses:  addresses,
		Visits:     visits,
		Processors: processorList(processors, noProcessors),
		Figures:    figures,
		Link:       data.Href,
	})
	return &article{
		Title:   source.TitleFor(r.options.SiteName),
		Version: source.Version,
		Updated: element("time", updated, "datetime", source.Updated.Format(time.DateOnly)),
		Body:    body,
	}, err
}
