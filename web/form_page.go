package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How often a household network may do what. The first is of everything that is posted,
// the second of what was taken.
const (
	postEvery, postBurst = 30 * time.Second, 20
	keepEvery, keepBurst = 20 * time.Minute, 3
)

// formPolicy is that of the pages with a form.
var formPolicy = strings.Replace(contentSecurityPolicy, "form-action 'none'", "form-action 'self'", 1)

// formPage is /appeal, /guardian or /data: the page in Markdown, and below it a form, which
// needs no script, and one that tells by a receipt what became of it. It is rendered for
// each request: it says whether the requester is banned, and who posts gets back what
// they wrote. It is never compressed: beside what a stranger may have put into it
// stands a secret, the receipt (the attack on that is called BREACH).
type formPage struct {
	path   string
	fields []field
	file   func(*http.Request, map[string]string, *formState) error // takes it, and says what to show
	look   func(map[string]string, *formState) error                // by a receipt
	bans   func(*http.Request) []BanShown

	forms   *Forms
	log     *slog.Logger
	origin  *http.CrossOriginProtection
	posts   *pace
	kept    *pace
	chooser *chooser
	tree    *template.Template
	data    map[variant]pageData
}

// formPages are the pages with a form, by path.
func (r *rendering) formPages(o Options) (map[string]*formPage, error) {
	if o.Forms == nil {
		return nil, nil
	}
	origin := http.NewCrossOriginProtection()
	for _, other := range o.Forms.Origins {
		if err := origin.AddTrustedOrigin(other); err != nil {
			return nil, err
		}
	}
	posts := newPace(postEvery, postBurst) // those of all pages
	outcome := func(v map[string]string, state *formState) error {
		outcome, err := o.Forms.Outcome(v["receipt"])
		state.Outcome = &outcome
		return err
	}
	pages := map[string]*formPage{
		"/appeal": {fields: appealFields, bans: o.Forms.Bans, look: outcome, file: func(r *http.Request, v map[string]string, state *formState) (err error) {
			state.Receipt, err = o.Forms.Appeal(r, Appeal{Words: v["words"], Reference: v["reference"]})
			return err
		}},
		"/guardian": {fields: guardianFields, look: outcome, file: func(r *http.Request, v map[string]string, state *formState) (err error) {
			state.Receipt, err = o.Forms.Guardian(r, GuardianWord{Words: v["words"], When: v["when"], Contact: v["contact"], Reference: v["reference"], Here: v["here"] != ""})
			return err
		}},
	}
	if o.Forms.Data != nil {
		pages["/data"] = o.Forms.dataPage()
	}
	for path, p := range pages {
		p.path, p.forms, p.log, p.origin, p.posts, p.chooser = path, o.Forms, o.Logger, origin, posts, r.chooser
		p.kept, p.data = newPace(keepEvery, keepBurst), make(map[variant]pageData)
		var err error
		if p.tree, err = r.layout.Clone(); err != nil {
			return nil, err
		}
		if p.tree, err = p.tree.ParseFS(files, "pages/form.html"); err != nil {
			return nil, err
		}
		for _, v := range r.chooser.all() {
			if p.data[v], err = r.data(path[1:], v); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if !v.plain() {
				continue
			}
			if _, err := p.render(v, p.state(http.StatusOK)); err != nil { // what cannot be shown fails now
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return pages, nil
}

// formState is what a form's page shows beside its text.
type formState struct {
	Action   string
	Asks     bool // the form is there: nothing was taken just now
	Fields   []field
	Lookup   []field
	Values   map[string]string
	Problems map[string]string // by field: keys of a language file
	Problem  string            // of the whole: a key
	Minutes  int               // until it can be tried again, with the problem form.pace

	Appeal  bool
	Bans    []BanShown
	Receipt string
	Outcome *Outcome

	Data        bool // the page is /data, which has what follows
	Answer      *DataAnswer
	DataOutcome *DataOutcome
	Asked       string // the receipt by which that was asked for

	status int
}

func (p *formPage) state(status int) formState {
	return formState{Action: p.path, Asks: true, Fields: p.fields, Lookup: receiptFields, Appeal: p.path == "/appeal", Data: p.path == dataPath, status: status}
}

// decisions are the texts of what was decided.
var decisions = map[string]string{
	"dismiss": "outcome.dismiss", "warn": "outcome.warn", "end": "outcome.end", "ban": "outcome.ban", "permanent": "outcome.permanent",
	"uphold": "outcome.uphold", "lift": "outcome.lift",
}

// ServeHTTP shows the page, or takes a form.
func (p *formPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p.answer(w, r, p.state(http.StatusOK))
	case http.MethodPost:
		p.answer(w, r, p.post(w, r))
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "only GET, HEAD and POST are served here", http.StatusMethodNotAllowed)
	}
}

// post takes a form, and returns what to answer.
func (p *formPage) post(w http.ResponseWriter, r *http.Request) formState {
	refuse := func(status int, problem string, values map[string]string) formState {
		state := p.state(status)
		state.Problem, state.Values = problem, values
		return state
	}
	if err := p.origin.Check(r); err != nil {
		return refuse(http.StatusForbidden, "form.foreign", nil)
	}
	values, err := readForm(w, r)
	switch {
	case errors.Is(err, errFormType):
		return refuse(http.StatusUnsupportedMediaType, "form.broken", nil)
	case err != nil:
		return refuse(http.StatusRequestEntityTooLarge, "form.broken", nil)
	}
	pace := func(wait time.Duration) formState {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		state := refuse(http.StatusTooManyRequests, "form.pace", values)
		state.Minutes = int(math.Ceil(wait.Minutes()))
		return state
	}
	if wait := p.posts.take(p.forms.Addr(r)); wait > 0 {
		return pace(wait)
	}
	if _, asks := values["receipt"]; asks {
		return p.lookUp(r.Context(), values)
	}
	if problems := check(p.fields, values); len(problems) > 0 {
		state := p.state(http.StatusUnprocessableEntity)
		state.Values, state.Problems = values, problems
		return state
	}
	addr := p.forms.Addr(r)
	if wait := p.kept.take(addr); wait > 0 {
		return pace(wait)
	}
	taken := p.told()
	if err = p.file(r, values, &taken); err == nil {
		return taken
	}
	p.kept.untake(addr)
	switch {
	case errors.Is(err, ErrFull):
		return refuse(http.StatusServiceUnavailable, "form.full", values)
	case errors.Is(err, ErrWaits):
		return refuse(http.StatusConflict, "appeal.waits", values)
	case errors.Is(err, ErrNotBanned):
		return refuse(http.StatusUnprocessableEntity, "appeal.free", values)
	}
	for wrong, problem := range map[error]map[string]string{
		ErrUnknown: {"reference": "form.unknown"}, ErrVisit: {"visit": "data.visit.wrong"}, ErrVisitOver: {"visit": "data.visit.over"},
	} {
		if errors.Is(err, wrong) {
			state := p.state(http.StatusUnprocessableEntity)
			state.Values, state.Problems = values, problem
			return state
		}
	}
	p.log.ErrorContext(r.Context(), "what a visitor wrote was not taken", "page", p.path, "error", err)
	return refuse(http.StatusServiceUnavailable, "form.failed", values)
}

// told is the state of a page that answers, and asks nothing.
func (p *formPage) told() formState {
	return formState{Action: p.path, Appeal: p.path == "/appeal", Data: p.path == dataPath, status: http.StatusOK}
}

// lookUp tells what became of something.
func (p *formPage) lookUp(ctx context.Context, values map[string]string) formState {
	problems := check(receiptFields, values)
	if len(problems) == 0 {
		told := p.told()
		switch err := p.look(values, &told); {
		case err == nil:
			return told
		case errors.Is(err, ErrLate):
			state := p.state(http.StatusConflict)
			state.Problem = "data.back.late"
			return state
		case !errors.Is(err, ErrUnknown):
			p.log.ErrorContext(ctx, "what became of something could not be looked up", "error", err)
			state := p.state(http.StatusServiceUnavailable)
			state.Problem = "form.failed"
			return state
		}
		problems["receipt"] = "receipt.unknown"
	}
	state := p.state(http.StatusUnprocessableEntity)
	state.Values, state.Problems = values, problems
	return state
}

// answer renders the page for a requester.
func (p *formPage) answer(w http.ResponseWriter, r *http.Request, state formState) {
	if p.bans != nil && state.Asks {
		state.Bans = p.bans(r)
	}
	v := p.chooser.choose(r)
	body, err := p.render(v, state)
	if err != nil {
		p.log.ErrorContext(r.Context(), "page not rendered", "page", p.path, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Language", v.lang)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Security-Policy", formPolicy)
	h.Set("Cache-Control", "no-store")
	// With no-referrer, browsers post forms with Origin: null (Fetch section 3.2), and
	// older ones say in no other header that it is from this site.
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(state.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the requester may be gone
	}
}

func (p *formPage) render(v variant, state formState) ([]byte, error) {
	data := p.data[v]
	data.Form = &state
	var html bytes.Buffer
	err := p.tree.ExecuteTemplate(&html, "layout.html", data)
	return html.Bytes(), err
}

// Moment returns a time as the page's language writes it, in UTC.
func (d pageData) Moment(at time.Time) (template.HTML, error) {
	at = at.UTC()
	day, err := d.Lang.date(at)
	if err != nil {
		return "", err
	}
	text, err := d.Lang.mix("form.moment", "day", day, "time", at.Format("15:04"))
	return element("time", text, "datetime", at.Format(time.RFC3339)), err
}

// Decided returns the words for a decision.
func (d pageData) Decided(decision string) (string, error) { return d.T(decisions[decision]) }

// YesNo says yes or no.
func (d pageData) YesNo(yes bool) (string, error) {
	if yes {
		return d.T("data.yes")
	}
	return d.T("data.no")
}
