package web

import (
	"net/http"
	"net/url"

	"golang.org/x/text/language"
)

// preferences is the name of the cookie that the script sets when a visitor
// chooses a language or a theme, like "lang=de&theme=dark". The server only reads it.
const preferences = "joingyd_prefs"

// themes are the values of <html data-theme>. "" leaves it to the visitor's device.
var themes = []string{"", "light", "dark"}

// variant is which rendering of a page a visitor gets.
type variant struct {
	lang  string
	theme string
	asked bool // the language is in the query: links keep it, so that it lasts without a cookie
}

// plain reports whether it is its language's without a choice of the visitor's.
func (v variant) plain() bool { return v.theme == "" && !v.asked }

// chooser finds the variant for a request.
type chooser struct {
	codes   []string
	matcher language.Matcher // gives indexes of codes
}

func newChooser(languages []*tongue) *chooser {
	c := &chooser{}
	var tags []language.Tag
	for _, l := range languages {
		c.codes = append(c.codes, l.Code)
		tags = append(tags, l.tag)
	}
	c.matcher = language.NewMatcher(tags)
	return c
}

// all lists every variant that choose may return.
func (c *chooser) all() []variant {
	var list []variant
	for _, code := range c.codes {
		for _, theme := range themes {
			list = append(list, variant{code, theme, false}, variant{code, theme, true})
		}
	}
	return list
}

// choose takes the language from the query, from the cookie, or from what the
// browser prefers, in this order, and the theme from the cookie. What is unknown
// or garbled counts as absent.
func (c *chooser) choose(r *http.Request) variant {
	var v variant
	if cookie, err := r.Cookie(preferences); err == nil {
		chosen, _ := url.ParseQuery(cookie.Value) // what can be read of it
		v.theme = known(themes, chosen.Get("theme"))
		v.lang = known(c.codes, chosen.Get("lang"))
	}
	if asked := known(c.codes, r.URL.Query().Get("lang")); asked != "" {
		v.lang, v.asked = asked, true
	}
	if v.lang == "" {
		_, index := language.MatchStrings(c.matcher, r.Header.Get("Accept-Language"))
		v.lang = c.codes[index]
	}
	return v
}

// known returns value if it is among the values, else "".
func known(values []string, value string) string {
	for _, v := range values {
		if v == value {
			return v
		}
	}
	return ""
}

// page is one page in all its variants.
type page struct {
	chooser  *chooser
	variants map[variant]func() (document, error) // made ready when one is first asked for
}

// ServeHTTP answers with the variant that suits the requester.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d, err := p.pick(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	} else {
		d.ServeHTTP(w, r)
	}
}

// withStatus returns a handler that answers with the page as an error page.
func (p page) withStatus(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d, err := p.pick(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		} else {
			d.withStatus(status).ServeHTTP(w, r)
		}
	})
}

func (p page) pick(w http.ResponseWriter, r *http.Request) (document, error) {
	v := p.chooser.choose(r)
	w.Header().Set("Content-Language", v.lang)
	w.Header().Set("Vary", "Accept-Language, Cookie")
	return p.variants[v]()
}
