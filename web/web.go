// Package web is the site that a visitor sees: a start page that is also the
// chat, the pages about rules and privacy, and the few answers that their
// scripts need.
//
//	request ─▶ security headers ─┬▶ GET and HEAD only ─▶ page │ /static/ │ /api/ │ health │ /ws
//	                             └▶ /appeal, /guardian, /api/snapshots and /api/age, which take POST
//
// Every page is rendered by New, once for each language (languages/CODE.json) and
// theme: what fails to render fails at start, and a request only chooses
// (variant.go). Most pages are Markdown that an operator can replace (text.go,
// package prose). The browser client (static/js) is plain ES modules, of which
// main.js is where to start reading; browsers get them as one script (bundle.go).
// The WebSocket that it opens, /ws, and what takes the stills and the proofs of age that
// it posts are somebody else's, behind the same headers.
//
// The start page has its style sheet and its script in it (inline.go). But for these
// two, by their hashes, the content security policy leaves no room for inline scripts,
// inline styles, innerHTML or anything from another host; tests hold the embedded
// files to it.
package web

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"time"
)

//go:embed languages pages static
var files embed.FS

// Options is what the site shows and whom it asks. None is required.
type Options struct {
	SiteName string // shown on every page; "joingyd" if empty
	Policy   string // version of rules, terms and privacy policy that visitors accept; empty: Texts.Policy
	Texts    *Texts // pages in Markdown; nil: the built-in ones
	Contact  string // e-mail address or URL of the operator; pages say so if there is none
	Abuse    string // e-mail address for reports of abuse; empty: Contact
	HSTS     bool   // ask browsers to insist on https; never with a self-signed certificate

	Logo       *Logo       // nil: joingyd's
	Accent     *Accent     // nil: joingyd's coral
	Banner     string      // on every page; empty: none
	Processors []string    // "NAME: what it does, where": who handles visitors' data for the operator
	Node       *NodeCookie // set with pages; nil: no cookie

	Stills bool // visitors are told that a program looks at stills of video chats
	// Classifier has visitors' own browsers look, and Stills is true then; nil: the program
	// is elsewhere.
	Classifier *Classifier
	Snapshots  http.Handler // takes POST /api/snapshots; nil: there is none
	Age        *Age         // nil: nobody is asked for proof of age
	IPLogDays  int          // that the sealed log of visitors' addresses is kept; 0: there is none
	IPLogRest  bool         // there is none, but lines of an earlier one

	Forms *Forms // what /appeal and /guardian take; nil: they are pages of text

	Socket  http.Handler              // the WebSocket's, for /ws; nil: there is none
	Online  func() int                // visitors with a session; nil: 0
	Figures func() ([]Figures, error) // of months, to be published; asked once a minute at most. Nil: none are

	Ban   func(*http.Request) (BanNotice, bool) // whether the requester is banned; nil: nobody is
	Wait  func(*http.Request) time.Duration     // how long the requester must wait to ask that again; nil: it need not
	Ready func(context.Context) error           // why the daemon cannot serve; nil: it always can
	Lacks func() string                         // what it does without while it can, in a line; nil or empty: nothing

	Logger *slog.Logger // nil: nothing is logged
}

// BanNotice is what banned visitors are told.
type BanNotice struct {
	Reason string
	Until  time.Time // zero: permanent
	By     string    // who decided: person, rule or list; empty: it is not said
}

// New returns the site's handler, of every path.
func New(o Options) (http.Handler, error) {
	o = withDefaults(o)
	own, err := o.files()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	static, err := loadAssets(own)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if o.Texts == nil {
		if o.Texts, err = LoadTexts(""); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	pages, err := render(o, static, o.Texts)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}

	manifest, err := newManifest(o, static)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	worker, err := newWorker(o, static)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}

	mux := http.NewServeMux()
	mux.Handle(manifestPath, manifest)
	mux.Handle(workerPath, worker)
	for at, page := range pages.live {
		mux.Handle(at, o.Node.On(page))
	}
	for at, page := range pages.byPath {
		var shown http.Handler = page
		switch form := pages.forms[at]; {
		case at == "/":
			at = "/{$}"
		case form != nil:
			shown = form
		}
		mux.Handle(at, o.Node.On(shown))
	}
	notFound := o.Node.On(pages.notFound.withStatus(http.StatusNotFound))
	mux.Handle("/static/{path...}", static.handler(notFound))
	if o.Classifier != nil {
		mux.Handle(o.Classifier.prefix, o.Classifier.handler(notFound))
	}
	mux.HandleFunc("/api/online", o.serveOnline)
	mux.HandleFunc("/api/ban", o.serveBan)
	mux.Handle(banPath, o.Node.On(pages.ban))
	o.handleProbes(mux)
	if o.Socket != nil {
		mux.Handle("/ws", o.Node.On(o.Socket))
	}
	mux.Handle("/", notFound)
	return SecurityHeaders(o.takeStills(o.takeRedemptions(readOnly(mux, pages.forms))), o.HSTS), nil
}

// files are what this site serves under /static/ besides what is embedded.
func (o Options) files() (map[string]document, error) {
	own := map[string]document{}
	var err error
	if o.Accent != nil {
		if own[coloursFile], err = newDocument(o.Accent.stylesheet(), contentTypes[".css"]); err != nil {
			return nil, err
		}
	}
	if o.Logo == nil {
		return own, nil
	}
	name := o.Logo.name()
	if own[name], err = newDocument(o.Logo.body, contentTypes[path.Ext(name)]); err != nil {
		return nil, err
	}
	for _, size := range iconSizes {
		name := o.Logo.icon(size)
		if name == "" {
			continue
		}
		icon, err := renderIcon(o.Logo.pixels, size)
		if err != nil {
			return nil, fmt.Errorf("site.logo: %w", err)
		}
		if own[name], err = newDocument(icon, contentTypes[".png"]); err != nil {
			return nil, err
		}
	}
	return own, nil
}

func withDefaults(o Options) Options {
	if o.SiteName == "" {
		o.SiteName = "joingyd"
	}
	if o.Online == nil {
		o.Online = func() int { return 0 }
	}
	if o.Ban == nil {
		o.Ban = func(*http.Request) (BanNotice, bool) { return BanNotice{}, false }
	}
	if o.Wait == nil {
		o.Wait = func(*http.Request) time.Duration { return 0 }
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Forms != nil && o.Forms.Addr == nil {
		forms := *o.Forms
		forms.Addr = func(*http.Request) netip.Addr { return netip.Addr{} }
		o.Forms = &forms
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// readOnly refuses every method but GET and HEAD, where there is no form.
func readOnly(next http.Handler, forms map[string]*formPage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if forms[r.URL.Path] == nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD are served here", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}
