package desk

import (
	"net/http"
	"time"

	"github.com/joingyd/joingyd/admin"
)

// A wrong login is answered after guessPause, and at most maxGuesses wait for that: so
// many guesses there are a second. One that is right never waits.
const (
	guessPause = time.Second
	maxGuesses = 8
)

// State is what the page shows of its session.
type State struct {
	User   string     `json:"user"`           // who is logged in; empty: nobody
	Proxy  string     `json:"proxy"`          // who could log in without a link; empty: nobody
	Opener bool       `json:"opener"`         // evidence can be decrypted in the browser
	Idle   int        `json:"idle"`           // seconds after which who does nothing is logged out
	Left   int        `json:"left"`           // cases until a break
	Rest   *time.Time `json:"rest,omitempty"` // until when the break is
}

// LoginRequest is how somebody wants to log in.
type LoginRequest struct {
	Token string `json:"token"` // of a link; empty: by proxy
}

// cookieName has a prefix with which browsers take the cookie from this host alone, by
// https alone (RFC 6265bis, 4.1.3.2).
func (d *Desk) cookieName() string {
	if d.secure {
		return "__Host-joingyd-desk"
	}
	return "joingyd-desk"
}

func (d *Desk) setCookie(w http.ResponseWriter, secret string) {
	cookie := &http.Cookie{Name: d.cookieName(), Value: secret, Path: "/", HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteStrictMode}
	if secret == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// sessionOf returns the session of a request. A proxy that says who comes must name who
// logged in.
func (d *Desk) sessionOf(r *http.Request, use bool) (session, bool) {
	named, ok := d.opts.Proxy.user(r)
	if !ok {
		return session{}, false
	}
	cookies := r.CookiesNamed(d.cookieName())
	if len(cookies) != 1 { // of two, one is somebody else's
		return session{}, false
	}
	s, ok := d.sessions.find(cookies[0].Value, use)
	if !ok || named != "" && named != s.name || named == "" && s.how == byProxy {
		return session{}, false
	}
	return s, true
}

// with answers what needs a session. POST is what a person does; GET may be the page by
// itself, and keeps nobody logged in.
func (d *Desk) with(handle func(http.ResponseWriter, *http.Request, session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, ok := d.sessionOf(r, r.Method == http.MethodPost)
		if !ok {
			writeError(w, http.StatusUnauthorized, admin.CodeUnauthorized, "you are not logged in, or no longer; ask for a new link: joingyd reports login")
			return
		}
		handle(w, r, s)
	}
}

func (d *Desk) session(w http.ResponseWriter, r *http.Request) {
	named, ok := d.opts.Proxy.user(r)
	if !ok {
		d.refuse(w, r, http.StatusForbidden)
		return
	}
	state := State{Proxy: named}
	if s, ok := d.sessionOf(r, false); ok {
		state = d.stateOf(s.name)
	}
	writeJSON(w, http.StatusOK, state)
}

func (d *Desk) stateOf(name string) State {
	state := State{User: name, Opener: Opens(), Idle: int(idleTime.Seconds())}
	left, rest := d.pace.left(name)
	if state.Left = left; !rest.IsZero() {
		rest = rest.UTC()
		state.Rest = &rest
	}
	return state
}

func (d *Desk) login(w http.ResponseWriter, r *http.Request) {
	named, ok := d.opts.Proxy.user(r)
	if !ok {
		d.refuse(w, r, http.StatusForbidden)
		return
	}
	var req LoginRequest
	if !decode(w, r, &req) {
		return
	}
	name, how := named, byProxy
	if req.Token != "" {
		name, ok = d.opts.Links.take(req.Token)
		if how = byLink; named != "" && named != name {
			ok = false // the proxy knows better who that is
		}
	}
	if !ok || name == "" {
		d.refuse(w, r, http.StatusUnauthorized)
		return
	}
	if err := d.opts.Court.LoggedIn(r.Context(), name, how); err != nil {
		answer(w, nil, err)
		return
	}
	if old, ok := d.sessionOf(r, false); ok {
		d.leave(r, old)
	}
	secret, ok := d.sessions.begin(name, how)
	if !ok {
		writeError(w, http.StatusServiceUnavailable, admin.CodeUnavailable, "too many are logged in; try again when somebody has left")
		return
	}
	d.setCookie(w, secret)
	d.opts.Log.InfoContext(r.Context(), "a moderator logged in", "name", name, "by", how)
	writeJSON(w, http.StatusOK, d.stateOf(name))
}

// refuse answers a login that was wrong, which takes a while.
func (d *Desk) refuse(w http.ResponseWriter, r *http.Request, status int) {
	select {
	case d.guesses <- struct{}{}:
		defer func() { <-d.guesses }()
	default:
		w.Header().Set("Retry-After", "2")
		writeError(w, http.StatusTooManyRequests, admin.CodeUnavailable, "too many wrong logins at once; try again in a moment")
		return
	}
	select {
	case <-time.After(guessPause):
	case <-r.Context().Done():
	}
	d.opts.Log.WarnContext(r.Context(), "a login to the moderators' page was refused", "status", status)
	if status == http.StatusForbidden {
		writeError(w, status, admin.CodeForbidden, "who you are was said without the proxy's secret, or is no moderator's name")
		return
	}
	writeError(w, status, admin.CodeUnauthorized, "that link was used already, or is older than 5 minutes; ask for a new one: joingyd reports login")
}

func (d *Desk) logout(w http.ResponseWriter, r *http.Request, s session) {
	d.leave(r, s)
	d.setCookie(w, "")
	writeJSON(w, http.StatusOK, State{})
}

// leave ends a session and gives its case back.
func (d *Desk) leave(r *http.Request, s session) {
	d.giveBack(r, s, d.sessions.turn(s.id, ""))
	d.sessions.end(s.id)
}
