package web

import (
	"bytes"
	"html/template"
	"net/http"
	"time"
)

// banPath is where a ban is told without a script: the start page looks by a script and is
// the same for everybody, so that it can be kept.
const banPath = "/ban"

// banPage is the one page that is made anew for each request, for what it says is of whoever
// asks. Nobody keeps it, and it is paced as /api/ban is.
type banPage struct {
	options Options
	chooser *chooser
	tree    *template.Template
	data    map[variant]pageData
}

// banData is what its template sees.
type banData struct {
	pageData
	Banned bool
	Reason string
	Until  string // RFC 3339, UTC; empty: permanent
	Ends   string // the same for people
	By     string // person, rule, list or empty
}

func (r *rendering) banPage() (http.Handler, error) {
	p := &banPage{options: r.options, chooser: r.chooser, data: map[variant]pageData{}}
	var err error
	if p.tree, err = r.layout.Clone(); err != nil {
		return nil, err
	}
	if p.tree, err = p.tree.ParseFS(files, "pages/ban.html"); err != nil {
		return nil, err
	}
	for _, v := range r.chooser.all() {
		if p.data[v], err = r.data("ban", v); err != nil {
			return nil, err
		}
		if !v.plain() {
			continue
		}
		for _, by := range []string{"", "person", "rule", "list"} { // what cannot be rendered fails at the start
			if err := p.tree.ExecuteTemplate(new(bytes.Buffer), "layout.html", banData{pageData: p.data[v], Banned: true, By: by}); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// ServeHTTP tells the requester whether their address is banned.
func (p *banPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.options.mustWait(w, r) {
		return
	}
	v := p.chooser.choose(r)
	data := banData{pageData: p.data[v]}
	var notice BanNotice
	notice, data.Banned = p.options.Ban(r)
	data.Reason, data.By = notice.Reason, notice.By
	if !notice.Until.IsZero() {
		until := notice.Until.UTC()
		data.Until, data.Ends = until.Format(time.RFC3339), until.Format("2006-01-02 15:04 UTC")
	}
	var html bytes.Buffer
	if err := p.tree.ExecuteTemplate(&html, "layout.html", data); err != nil {
		p.options.Logger.ErrorContext(r.Context(), "ban page not rendered", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", v.lang)
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		_, _ = w.Write(html.Bytes()) // the requester may be gone
	}
}
