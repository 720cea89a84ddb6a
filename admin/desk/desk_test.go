package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/admin/desk"
)

var _ desk.Court = (*admin.Service)(nil)

// court holds cases for whoever claims them, and writes down what it is asked.
type court struct {
	mu    sync.Mutex // guards what follows
	held  map[string]string
	asked []string
}

func (c *court) note(format string, args ...any) {
	c.asked = append(c.asked, fmt.Sprintf(format, args...))
}

func (c *court) Cases(context.Context, int) (admin.CaseList, error) { return admin.CaseList{}, nil }

func (c *court) Claim(_ context.Context, req admin.ClaimRequest) (admin.Case, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if by := c.held[req.Case]; by != "" && by != req.By {
		return admin.Case{}, &admin.Error{Code: admin.CodeUnavailable, Detail: by + " looks at it"}
	}
	c.held[req.Case] = req.By
	return admin.Case{ID: req.Case}, nil
}

func (c *court) Unclaim(_ context.Context, req admin.ClaimRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[req.Case] == req.By {
		delete(c.held, req.Case)
	}
	return nil
}

func (c *court) Evidence(_ context.Context, req admin.EvidenceRequest) (admin.EvidenceList, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("evidence of %s by %s", req.Case, req.By)
	return admin.EvidenceList{Case: req.Case, Parts: []admin.EvidencePart{
		{Name: "note", Data: []byte(`"<b>"`)}, {Name: "addresses", Data: []byte(`["192.0.2.1"]`)},
	}}, nil
}

func (c *court) Decide(_ context.Context, req admin.DecideRequest) (admin.DecideResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if req.Do == "ban" && !req.Force {
		return admin.DecideResult{}, &admin.Error{Code: admin.CodeNeedsForce, Detail: "it is your own; if you mean it, add --force"}
	}
	c.note("%s of %s by %s", req.Do, req.Case, req.By)
	delete(c.held, req.Case)
	return admin.DecideResult{}, nil
}

func (c *court) LoggedIn(_ context.Context, name, how string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("%s logged in by %s", name, how)
	return nil
}

// bench is a desk with its court.
type bench struct {
	t     *testing.T
	court *court
	links *desk.Links
	desk  *desk.Desk
	at    string // its origin
}

const origin = "https://desk.example.org"

func newBench(t *testing.T, change func(*desk.Options)) *bench {
	t.Helper()
	b := &bench{t: t, court: &court{held: map[string]string{}}, at: origin}
	o := desk.Options{Court: b.court, Origins: []string{origin}}
	if change != nil {
		change(&o)
	}
	b.at = o.Origins[0]
	b.links = desk.NewLinks(b.at)
	o.Links = b.links
	var err error
	if b.desk, err = desk.New(o); err != nil {
		t.Fatal(err)
	}
	return b
}

// browser is one that has a cookie, or not.
type browser struct {
	*bench
	cookie *http.Cookie
}

// ask sends what the page would. Headers in pairs change it; an empty value takes one out.
func (b *browser) ask(method, path, body string, header ...string) *http.Response {
	b.t.Helper()
	r := httptest.NewRequest(method, b.at+path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Origin", b.at)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Joingyd-Desk", "1")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	for pair := range slices.Chunk(header, 2) {
		switch {
		case pair[0] == "Host":
			r.Host = pair[1]
		case pair[1] == "":
			r.Header.Del(pair[0])
		default:
			r.Header.Set(pair[0], pair[1])
		}
	}
	w := httptest.NewRecorder()
	b.desk.ServeHTTP(w, r)
	response := w.Result()
	if cookies := response.Cookies(); len(cookies) == 1 {
		b.cookie = cookies[0]
	}
	return response
}

// want asks with the defaults and wants a status.
func (b *browser) want(status int, method, path, body string, header ...string) (answer string) {
	b.t.Helper()
	response := b.ask(method, path, body, header...)
	var text json.RawMessage
	_ = json.NewDecoder(response.Body).Decode(&text) // a page is none
	if response.StatusCode != status {
		b.t.Errorf("%s %s %s %v: %d %s, want %d", method, path, body, header, response.StatusCode, text, status)
	}
	return string(text)
}

// link makes one and returns the body that uses it.
func (b *bench) link(name string) (body string) {
	b.t.Helper()
	url, _, err := b.links.Make(name)
	secret, ok := strings.CutPrefix(url, b.at+"/#login=")
	if err != nil || !ok {
		b.t.Fatalf("link %q, %v", url, err)
	}
	return `{"token":"` + secret + `"}`
}

func (b *bench) login(name string) *browser {
	b.t.Helper()
	who := &browser{bench: b}
	who.want(200, "POST", "/api/login", b.link(name))
	return who
}

func TestLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		link := b.link("alice")
		anybody := &browser{bench: b}
		anybody.want(401, "GET", "/api/cases", "")
		anybody.want(401, "POST", "/api/login", `{"token":"AAAAAAAAAAAAAAAAAAAAAAAAAA"}`)
		anybody.want(401, "POST", "/api/login", `{}`)
		anybody.want(400, "POST", "/api/login", `{"user":"alice"}`)

		alice := &browser{bench: b}
		alice.want(200, "POST", "/api/login", link)
		if c := alice.cookie; c.Name != "__Host-joingyd-desk" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
			t.Errorf("cookie %v", c)
		}
		if got := alice.want(200, "GET", "/api/session", ""); !strings.Contains(got, `"user":"alice"`) {
			t.Error(got)
		}
		anybody.want(401, "POST", "/api/login", link)
		late := b.link("bob")
		time.Sleep(5 * time.Minute)
		anybody.want(401, "POST", "/api/login", late)
		if anybody.cookie != nil {
			t.Errorf("cookie %v", anybody.cookie)
		}
		for range 100 {
			b.link("carol")
		}
		if _, _, err := b.links.Make("carol"); err == nil {
			t.Error("there is no end of links")
		}
		time.Sleep(5 * time.Minute)
		b.link("carol")
		if want := []string{"alice logged in by link"}; !slices.Equal(b.court.asked, want) {
			t.Errorf("asked %q, want %q", b.court.asked, want)
		}
	})
}

// Wrong logins wait, and only so many do at once; one that is right does not.
func TestGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		begun := time.Now()
		statuses := make(chan int, 20)
		for range cap(statuses) {
			go func() {
				statuses <- (&browser{bench: b}).ask("POST", "/api/login", `{"token":"guess"}`).StatusCode
			}()
		}
		synctest.Wait()
		b.login("alice")
		if time.Since(begun) != 0 {
			t.Error("a right login waited")
		}
		counts := map[int]int{}
		for range cap(statuses) {
			counts[<-statuses]++
		}
		if counts[401] != 8 || counts[429] != 12 || time.Since(begun) != time.Second {
			t.Errorf("%v after %s", counts, time.Since(begun))
		}
	})
}

func TestForeignRequests(t *testing.T) {
	b := newBench(t, nil)
	alice := b.login("alice")
	for _, test := range []struct {
		name   string
		status int
		path   string // empty: POST open
		header []string
	}{
		{"ours", 200, "", nil},
		{"ours with its port", 200, "", []string{"Host", "Desk.example.org:443"}},
		{"rebound name", 421, "", []string{"Host", "evil.example"}},
		{"rebound name, page", 421, "/", []string{"Host", "evil.example"}},
		{"a name that ends as ours", 421, "/", []string{"Host", "evil-desk.example.org"}},
		{"no host", 421, "/", []string{"Host", ""}},
		{"foreign origin", 403, "", []string{"Origin", "https://evil.example"}},
		{"our host by http", 403, "", []string{"Origin", "http://desk.example.org"}},
		{"another port", 403, "", []string{"Origin", "https://desk.example.org:8443"}},
		{"null origin", 403, "", []string{"Origin", "null"}},
		{"no origin", 403, "", []string{"Origin", ""}},
		{"a form", 403, "", []string{"Content-Type", "text/plain"}},
		{"no content type", 403, "", []string{"Content-Type", ""}},
		{"no header of ours", 403, "", []string{"Joingyd-Desk", ""}},
		{"same site", 403, "", []string{"Sec-Fetch-Site", "same-site"}},
		{"cross site", 403, "", []string{"Sec-Fetch-Site", "cross-site"}},
		{"reading from another port of localhost", 403, "/api/cases", []string{"Sec-Fetch-Site", "same-site"}},
		{"reading by the address bar", 403, "/api/cases", []string{"Sec-Fetch-Site", "none"}},
		{"reading with an old browser", 200, "/api/cases", []string{"Sec-Fetch-Site", ""}},
		{"a link from elsewhere to the page", 200, "/", []string{"Sec-Fetch-Site", "cross-site"}},
		{"evidence by GET", 405, "/api/cases/k7m2x4q6/open", nil},
		{"a file that is none", 404, "/static/../desk.go", nil},
		{"the directory", 404, "/static/", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			method, path := "POST", "/api/cases/k7m2x4q6/open"
			if test.path != "" {
				method, path = "GET", test.path
			}
			response := alice.ask(method, path, "", test.header...)
			if got := response.StatusCode; got != test.status && !(test.status == 404 && got == 307) {
				t.Errorf("%d, want %d", got, test.status)
			}
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"Access-Control-Allow-Origin": "", "Server": "",
			} {
				if got := response.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			for _, part := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "trusted-types 'none'", "require-trusted-types-for 'script'"} {
				if got := response.Header.Get("Content-Security-Policy"); !strings.Contains(got, part) {
					t.Errorf("policy %q lacks %s", got, part)
				}
			}
		})
	}
}

func TestProxy(t *testing.T) {
	secret := strings.Repeat("s", 32)
	b := newBench(t, func(o *desk.Options) { o.Proxy = &desk.Proxy{Header: "X-Forwarded-User", Secret: []byte(secret)} })
	says := func(name, secret string) []string {
		return []string{"X-Forwarded-User", name, desk.SecretHeader, secret}
	}
	for _, test := range []struct {
		status int
		header []string
	}{
		{403, says("alice", "")},
		{403, says("alice", secret[1:])},
		{403, says("alice", secret+"s")},
		{403, says("auto:rule", secret)},
		{403, says("token", secret)},
		{401, says("", secret)},
		{200, says("alice", secret)},
	} {
		t.Run(fmt.Sprint(test.header), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				(&browser{bench: b}).want(test.status, "POST", "/api/login", "{}", test.header...)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		alice := &browser{bench: b}
		if got := alice.want(200, "GET", "/api/session", "", says("alice", secret)...); !strings.Contains(got, `"proxy":"alice"`) {
			t.Error(got)
		}
		alice.want(200, "POST", "/api/login", "{}", says("alice", secret)...)
		alice.want(200, "GET", "/api/cases", "", says("alice", secret)...)
		alice.want(401, "GET", "/api/cases", "")                            // past the proxy
		alice.want(401, "GET", "/api/cases", "", says("alice", "guess")...) // with a secret of one's own
		alice.want(401, "GET", "/api/cases", "", says("bob", secret)...)    // as somebody else
		alice.want(401, "POST", "/api/login", b.link("carol"), says("alice", secret)...)
	})
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		idle, busy := b.login("idle"), b.login("busy")
		for range 47 { // 7 h 50 min
			time.Sleep(10 * time.Minute)
			busy.want(200, "POST", "/api/cases/k7m2x4q6/open", "")
			idle.ask("GET", "/api/cases", "") // the page does that by itself
		}
		idle.want(401, "GET", "/api/cases", "")
		time.Sleep(10 * time.Minute)
		busy.want(401, "POST", "/api/cases/k7m2x4q6/keep", "")

		out := b.login("out")
		out.want(200, "POST", "/api/cases/a3q7zk2m/open", "")
		before := out.cookie
		out.want(200, "POST", "/api/logout", "{}")
		if out.cookie.MaxAge >= 0 || b.court.held["a3q7zk2m"] != "" {
			t.Errorf("cookie %v, held %v", out.cookie, b.court.held)
		}
		out.cookie = before
		out.want(401, "GET", "/api/cases", "")

		first := b.login("many")
		for range 4 {
			time.Sleep(time.Second)
			b.login("many")
		}
		first.want(401, "GET", "/api/cases", "")
		for i := range 252 {
			b.login(fmt.Sprint("name", i))
		}
		(&browser{bench: b}).want(503, "POST", "/api/login", b.link("onemore"))
	})
}

// Evidence comes with the claim, and a decision after the evidence.
func TestOneCaseAtATime(t *testing.T) {
	b := newBench(t, nil)
	alice, bob := b.login("alice"), b.login("bob")
	b.court.asked = nil
	alice.want(409, "POST", "/api/cases/one/decide", `{"do":"warn","reason":"r"}`)
	if got := alice.want(200, "POST", "/api/cases/one/open", ""); !strings.Contains(got, `"name":"note"`) || strings.Contains(got, "addresses") {
		t.Error(got)
	}
	if got := bob.want(409, "POST", "/api/cases/one/open", ""); !strings.Contains(got, "alice looks at it") || strings.Contains(got, "note") {
		t.Error(got)
	}
	bob.want(409, "POST", "/api/cases/one/decide", `{"do":"warn","reason":"r"}`)
	bob.want(409, "POST", "/api/cases/one/keep", "")
	bob.want(409, "POST", "/api/cases/one/release", "")
	alice.want(200, "POST", "/api/cases/one/keep", "")
	alice.want(200, "POST", "/api/cases/two/open", "")
	alice.want(409, "POST", "/api/cases/one/decide", `{"do":"warn","reason":"r"}`)
	bob.want(200, "POST", "/api/cases/one/open", "")
	alice.want(400, "POST", "/api/cases/two/decide", `{"do":"warn","by":"bob"}`)
	alice.want(200, "POST", "/api/cases/two/decide", `{"do":"warn","reason":"r","case":"one"}`)
	if got := bob.want(409, "POST", "/api/cases/one/decide", `{"do":"ban","reason":"r"}`); !strings.Contains(got, `"needs_force"`) || strings.Contains(got, "--force") {
		t.Error(got)
	}
	bob.want(200, "POST", "/api/cases/one/decide", `{"do":"ban","reason":"r","force":true}`)
	alice.want(200, "POST", "/api/cases/three/open", "")
	alice.want(200, "POST", "/api/cases/three/release", "")
	if len(b.court.held) > 0 {
		t.Errorf("held: %v", b.court.held)
	}
	want := []string{"evidence of one by alice", "evidence of two by alice", "evidence of one by bob", "warn of two by alice", "ban of one by bob", "evidence of three by alice"}
	if !slices.Equal(b.court.asked, want) {
		t.Errorf("asked %q, want %q", b.court.asked, want)
	}
}

// After so many cases there is a break, which a new session does not spare.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *desk.Options) { o.Hourly = 3 })
		alice := b.login("alice")
		open := func(status int, id string) string {
			t.Helper()
			return alice.want(status, "POST", "/api/cases/"+id+"/open", "")
		}
		open(200, "a")
		open(200, "a") // the same
		time.Sleep(55 * time.Minute)
		alice = b.login("alice")
		open(200, "b")
		open(200, "c")
		if got := open(429, "d"); !strings.Contains(got, "Please take a break until") || b.court.held["d"] != "" {
			t.Error(got, b.court.held)
		}
		if got := alice.want(200, "GET", "/api/session", ""); !strings.Contains(got, `"left":0,"rest":"`) {
			t.Error(got)
		}
		open(200, "c") // what is open stays so
		b.login("bob").want(200, "POST", "/api/cases/d/open", "")
		time.Sleep(9 * time.Minute)
		alice = b.login("alice")
		open(429, "e")
		time.Sleep(time.Minute)
		open(200, "e")
		if got := alice.want(200, "GET", "/api/session", ""); !strings.Contains(got, `"left":2`) {
			t.Error(got)
		}
	})
}

func TestOrigins(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8090}
	if got, want := desk.Origins("", at), []string{"http://127.0.0.1:8090", "http://localhost:8090", "http://[::1]:8090"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := desk.Origins(origin, at); !slices.Equal(got, []string{origin}) {
		t.Errorf("%q", got)
	}
	local := newBench(t, func(o *desk.Options) { o.Origins = desk.Origins("", at) }).login("alice")
	if local.cookie.Secure || local.cookie.Name != "joingyd-desk" {
		t.Errorf("cookie %v", local.cookie)
	}
	local.want(200, "POST", "/api/cases/one/open", "", "Host", "localhost:8090", "Origin", "http://localhost:8090")
	local.want(403, "POST", "/api/cases/one/open", "", "Host", "localhost:8090") // another name's Origin
	local.want(421, "GET", "/", "", "Host", "localhost:8091")
	for _, bad := range [][]string{nil, {"desk.example.org"}} {
		if _, err := desk.New(desk.Options{Origins: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
