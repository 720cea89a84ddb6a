package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// desk takes what the forms take.
type desk struct {
	appeals   []Appeal
	guardians []GuardianWord
	asked     []DataAsked
	err       error
	bans      []BanShown
	back      error // of TakeBack
}

const deskReceipt = "abcd-efgh"

func (d *desk) site(t testing.TB) http.Handler {
	t.Helper()
	return must(New(Options{Contact: "desk@example.org", Forms: &Forms{
		Addr:    func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Origins: []string{"https://other.test"},
		Bans:    func(*http.Request) []BanShown { return d.bans },
		Appeal: func(_ *http.Request, a Appeal) (string, error) {
			if d.err == nil {
				d.appeals = append(d.appeals, a)
			}
			return deskReceipt, d.err
		},
		Guardian: func(_ *http.Request, g GuardianWord) (string, error) {
			if d.err == nil {
				d.guardians = append(d.guardians, g)
			}
			return deskReceipt, d.err
		},
		Data: func(_ *http.Request, a DataAsked) (DataAnswer, error) {
			if d.err != nil {
				return DataAnswer{}, d.err
			}
			d.asked = append(d.asked, a)
			answer := DataAnswer{Held: DataHeld{Log: true}}
			if a.Delete {
				answer.Receipt, answer.Happens = deskReceipt, time.Date(2026, 12, 6, 14, 5, 0, 0, time.UTC)
			}
			return answer, nil
		},
		DataOutcome: func(receipt string) (DataOutcome, error) {
			if receipt != deskReceipt {
				return DataOutcome{}, ErrUnknown
			}
			return DataOutcome{Delete: true, State: "open", Happens: time.Date(2026, 12, 6, 14, 5, 0, 0, time.UTC)}, d.err
		},
		TakeBack: func(string) error { return d.back },
		Outcome: func(receipt string) (Outcome, error) {
			if receipt != deskReceipt {
				return Outcome{}, ErrUnknown
			}
			return Outcome{Appeal: true, State: OutcomeDecided, Decision: "lift", Reason: "<b>sorry</b>", At: time.Date(2026, 11, 29, 14, 5, 0, 0, time.UTC)}, d.err
		},
	}}))
}

const formType = "application/x-www-form-urlencoded"

func post(site http.Handler, path, from string, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(from), 1).String()
	r.Header.Set("Content-Type", formType)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

func form(fields ...string) string {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return values.Encode()
}

var (
	goodAppeal   = form("words", "It was\r\na neighbour <b>\u202e.", "reference", " ty3xtol7 ")
	goodGuardian = form("words", "My son", "when", "noon", "contact", "roe@example.org", "here", "yes")
)

// What is posted is taken, or refused with a reason that is shown, and what was written
// is in the form again.
func TestForms(t *testing.T) {
	long := strings.Repeat("ä", 2001)
	d := &desk{}
	site, households := d.site(t), netip.MustParseAddr("192.0.2.1")
	for name, tt := range map[string]struct {
		path, body string
		header     []string
		err        error
		status     int
		shows      string
	}{
		"an appeal":             {"/appeal", goodAppeal, nil, nil, 200, `<output class="receipt" dir="ltr">abcd-efgh</output>`},
		"a guardian":            {"/guardian", goodGuardian, nil, nil, 200, `<output class="receipt" dir="ltr">abcd-efgh</output>`},
		"with a charset":        {"/appeal", goodAppeal, []string{"Content-Type", formType + "; charset=UTF-8"}, nil, 200, "abcd-efgh"},
		"from the site":         {"/appeal", goodAppeal, []string{"Sec-Fetch-Site", "same-origin"}, nil, 200, "abcd-efgh"},
		"from its origin":       {"/appeal", goodAppeal, []string{"Origin", "http://example.com"}, nil, 200, "abcd-efgh"},
		"from an allowed one":   {"/appeal", goodAppeal, []string{"Origin", "https://other.test", "Sec-Fetch-Site", "cross-site"}, nil, 200, "abcd-efgh"},
		"2,000 characters":      {"/appeal", form("words", long[2:]), nil, nil, 200, "abcd-efgh"},
		"2,000 of four bytes":   {"/appeal", form("words", strings.Repeat("😀", 2000), "reference", strings.Repeat("😀", 64)), nil, nil, 200, "abcd-efgh"},
		"in German":             {"/appeal?lang=de", goodAppeal, nil, nil, 200, "Das ist dein Beleg"},
		"in Arabic":             {"/guardian?lang=ar", "", nil, nil, 422, `<html lang="ar" dir="rtl"`},
		"nothing":               {"/appeal", "", nil, nil, 422, `<li><a href="#words">Why should the ban end?</a> This is missing.</li>`},
		"a guardian's nothing":  {"/guardian", "words=x", nil, nil, 422, `<li><a href="#contact">`},
		"too long":              {"/appeal", form("words", long), nil, nil, 422, "is too long"},
		"bad UTF-8":             {"/appeal", "words=%ff%fe", nil, nil, 422, "cannot be read"},
		"NUL":                   {"/appeal", "words=a%00b", nil, nil, 422, "cannot be read"},
		"a line in a line":      {"/guardian", form("words", "x", "when", "a\nb", "contact", "c"), nil, nil, 422, `id="when-problem"`},
		"a long body":           {"/appeal", "words=x&x=" + strings.Repeat("a", maxForm), nil, nil, 413, "it was too long"},
		"a broken body":         {"/appeal", "words=%zz", nil, nil, 413, "no form that could be read"},
		"a semicolon":           {"/appeal", "words=a;b", nil, nil, 413, "no form that could be read"},
		"multipart":             {"/appeal", goodAppeal, []string{"Content-Type", "multipart/form-data; boundary=x"}, nil, 415, "no form that could be read"},
		"JSON":                  {"/appeal", `{"words":"x"}`, []string{"Content-Type", "application/json"}, nil, 415, "no form that could be read"},
		"no type":               {"/appeal", goodAppeal, []string{"Content-Type", ""}, nil, 415, "no form that could be read"},
		"another site":          {"/appeal", goodAppeal, []string{"Sec-Fetch-Site", "cross-site"}, nil, 403, "came from another site"},
		"a neighbour":           {"/appeal", goodAppeal, []string{"Sec-Fetch-Site", "same-site"}, nil, 403, "came from another site"},
		"another origin":        {"/guardian", goodGuardian, []string{"Origin", "https://foreign.test"}, nil, 403, "came from another site"},
		"a sandbox":             {"/guardian", goodGuardian, []string{"Origin", "null"}, nil, 403, "came from another site"},
		"full":                  {"/appeal", goodAppeal, nil, ErrFull, 503, `So many wait already that nobody would read yours soon. It was not taken; please try again in some days, or write to the operator: <a href="mailto:desk@example.org"`},
		"waits":                 {"/appeal", goodAppeal, nil, ErrWaits, 409, "One waits at a time"},
		"not banned":            {"/appeal", goodAppeal, nil, ErrNotBanned, 422, "No ban is on the connection that you come from now. If your"},
		"unknown":               {"/guardian", goodGuardian, nil, ErrUnknown, 422, `<p class="wrong" id="reference-problem">This is not known here.`},
		"broken":                {"/guardian", goodGuardian, nil, errors.New("disk"), 503, "It could not be kept, and nobody has read it."},
		"a receipt":             {"/appeal", "receipt=abcd-efgh", nil, nil, 200, `<dd dir="auto">&lt;b&gt;sorry&lt;/b&gt;</dd>`},
		"its decision":          {"/guardian", "receipt=abcd-efgh", nil, nil, 200, `Decided: the ban is lifted</h2>`},
		"its date":              {"/appeal?lang=de", "receipt=abcd-efgh", nil, nil, 200, `<time datetime="2026-11-29T14:05:00Z">29. November 2026, 14:05 UTC</time>`},
		"another receipt":       {"/appeal", form("receipt", "x\"><i>"), nil, nil, 422, `value="x&#34;&gt;&lt;i&gt;"`},
		"no receipt":            {"/appeal", "receipt=", nil, nil, 422, `<a href="#receipt">Receipt</a> This is missing.`},
		"a receipt on fire":     {"/appeal", "receipt=abcd-efgh", nil, errors.New("disk"), 503, "could not be kept"},
		"a receipt from abroad": {"/appeal", "receipt=abcd-efgh", []string{"Sec-Fetch-Site", "cross-site"}, nil, 403, "came from another site"},
	} {
		t.Run(name, func(t *testing.T) {
			d.appeals, d.guardians, d.err = nil, nil, tt.err
			households = households.Next()
			w := post(site, tt.path, households.String(), tt.body, tt.header...)
			page := w.Body.String()
			if w.Code != tt.status || !strings.Contains(page, tt.shows) {
				t.Errorf("status %d, want %d with %q:\n%s", w.Code, tt.status, tt.shows, page[max(0, strings.Index(page, "<main")):])
			}
			if taken := len(d.appeals)+len(d.guardians) > 0; taken != strings.Contains(page, `class="receipt"`) {
				t.Errorf("taken: %v", taken)
			}
			if n := strings.Count(page, " autofocus"); n != 1 {
				t.Errorf("%d elements have the focus, want the summary", n)
			}
			if h := w.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Content-Encoding") != "" || !strings.Contains(h.Get("Content-Security-Policy"), "form-action 'self'") || h.Get("Referrer-Policy") != "same-origin" {
				t.Errorf("headers %v", h)
			}
			if strings.Contains(page, "<b>") || strings.Contains(page, "<i>") {
				t.Error("what was typed became markup")
			}
		})
	}
	d.appeals, d.guardians, d.err = nil, nil, nil
	post(site, "/appeal", "192.0.2.1", goodAppeal)
	post(site, "/guardian", "192.0.2.1", goodGuardian)
	if want := (Appeal{"It was\na neighbour <b>\u202e.", "ty3xtol7"}); len(d.appeals) != 1 || d.appeals[0] != want {
		t.Errorf("appeals %+v, want %+v", d.appeals, want)
	}
	if want := (GuardianWord{"My son", "noon", "roe@example.org", "", true}); len(d.guardians) != 1 || d.guardians[0] != want {
		t.Errorf("guardians %+v, want %+v", d.guardians, want)
	}
	d.err = ErrFull
	page := post(site, "/guardian", "192.0.2.2", form("words", "</textarea><script>", "when", `">`, "contact", "c", "here", "1")).Body.String()
	for _, kept := range []string{"\n&lt;/textarea&gt;&lt;script&gt;</textarea>", `value="&#34;&gt;"`, ` checked`} {
		if !strings.Contains(page, kept) {
			t.Errorf("not kept: %s", kept)
		}
	}
}

// The page about data answers at once, and takes a deletion.
func TestDataForm(t *testing.T) {
	d := &desk{}
	site, households := d.site(t), netip.MustParseAddr("192.0.2.1")
	for name, tt := range map[string]struct {
		body      string
		header    []string
		err, back error
		status    int
		shows     string
	}{
		"to see":            {form("ask", "see"), nil, nil, nil, 200, "<dt>When and from where you came</dt><dd>Yes</dd>"},
		"others may share":  {form("ask", "see"), nil, nil, nil, 200, "Others may use your connection too"},
		"to delete":         {form("ask", "delete", "visit", "x", "contact", "roe@example.org"), nil, nil, nil, 200, `<output class="receipt" dir="ltr">abcd-efgh</output>`},
		"when":              {form("ask", "delete"), nil, nil, nil, 200, "6 December 2026, 14:05 UTC"},
		"nothing":           {"", nil, nil, nil, 422, `<li><a href="#ask">What do you want?</a> This is missing.</li>`},
		"neither":           {form("ask", "sell", "contact", "roe"), nil, nil, nil, 422, `value="roe"`},
		"no visit":          {form("ask", "see", "visit", "<b>x"), nil, ErrVisit, nil, 422, `id="visit-problem">This is no receipt of a visit`},
		"an old visit":      {form("ask", "delete", "visit", "x"), nil, ErrVisitOver, nil, 422, "This receipt has expired"},
		"what was chosen":   {form("ask", "delete", "visit", "x"), nil, ErrVisit, nil, 422, `value="delete" required checked`},
		"full":              {form("ask", "delete"), nil, ErrFull, nil, 503, "So many wait already"},
		"broken":            {form("ask", "delete"), nil, errors.New("disk"), nil, 503, "It could not be kept"},
		"another site":      {form("ask", "delete"), []string{"Sec-Fetch-Site", "cross-site"}, nil, nil, 403, "came from another site"},
		"a receipt":         {"receipt=abcd-efgh", nil, nil, nil, 200, `<button name="take_back" value="yes">Take the request back</button>`},
		"taken back":        {form("receipt", "abcd-efgh", "take_back", "yes"), nil, nil, nil, 200, "deleted on"},
		"too late":          {form("receipt", "abcd-efgh", "take_back", "yes"), nil, nil, ErrLate, 409, "cannot be taken back any more"},
		"another's":         {form("receipt", "x", "take_back", "yes"), nil, nil, ErrUnknown, 422, "This is not known."},
		"taken from abroad": {form("receipt", "abcd-efgh", "take_back", "yes"), []string{"Origin", "null"}, nil, nil, 403, "came from another site"},
	} {
		d.asked, d.err, d.back = nil, tt.err, tt.back
		households = households.Next()
		w := post(site, "/data", households.String(), tt.body, tt.header...)
		page := w.Body.String()
		if w.Code != tt.status || !strings.Contains(page, tt.shows) {
			t.Errorf("%s: status %d, want %d with %q:\n%s", name, w.Code, tt.status, tt.shows, page[max(0, strings.Index(page, "<main")):])
		}
		if n := strings.Count(page, " autofocus"); n != 1 || strings.Contains(page, "<b>x") {
			t.Errorf("%s: %d elements have the focus", name, n)
		}
	}
	d.asked, d.err = nil, nil
	for range 4 { // three of an hour
		post(site, "/data", "192.0.2.1", form("ask", "delete", "visit", " x ", "contact", "c"))
	}
	if want := (DataAsked{true, "x", "c"}); len(d.asked) != 3 || d.asked[0] != want {
		t.Errorf("asked %+v, want 3 of %+v", d.asked, want)
	}
}

// The page says whether who looks at it is banned, and takes nothing by GET.
func TestAppealShowsBans(t *testing.T) {
	d := &desk{}
	site := d.site(t)
	if page := get(site, "/appeal?words=x&receipt=abcd-efgh", "").Body.String(); !strings.Contains(page, "No ban is on your connection now") || strings.Contains(page, "Decided") || strings.Contains(page, ">x<") {
		t.Errorf("not banned:\n%s", page)
	}
	d.bans = []BanShown{
		{BanNotice{Reason: "<b>spam", Until: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)}, "ty3xtol7", "all", false},
		{BanNotice{}, "ab2", "video", true},
	}
	page := get(site, "/appeal", "").Body.String()
	for _, part := range []string{`<code dir="ltr">ty3xtol7</code>`, "&lt;b&gt;spam", "30 November 2026, 08:00 UTC", "From all chats", "From video chats; text", "Never: it is for good", "on a whole network"} {
		if strings.Count(page, part) != 1 {
			t.Errorf("%q is there %d times", part, strings.Count(page, part))
		}
	}
	if strings.Contains(get(site, "/guardian", "").Body.String(), "ty3xtol7") {
		t.Error("the page for guardians tells of bans")
	}
	for method, want := range map[string]int{"HEAD": 200, "PUT": 405, "DELETE": 405} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(method, "/appeal", nil))
		if w.Code != want || w.Body.Len() > 0 != (want == 405) {
			t.Errorf("%s: status %d with %d bytes, want %d", method, w.Code, w.Body.Len(), want)
		}
	}
	for path, want := range map[string]int{"/about": 405, "/": 405, "//appeal": 405, "/appeal/": 405} {
		if w := post(site, path, "192.0.2.1", goodAppeal); w.Code != want {
			t.Errorf("POST %s: status %d, want %d", path, w.Code, want)
		}
	}
	if page := get(must(New(Options{})), "/appeal", "").Body.String(); strings.Contains(page, "<form") {
		t.Error("a form that nobody takes")
	}
}

// A thousand posts of one household are a few that count; those of many are all.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		site := d.site(t)
		statuses := map[int]int{}
		for i := range 1000 {
			w := post(site, "/appeal", fmt.Sprintf("2001:db8::%x", i), goodAppeal)
			statuses[w.Code]++
			if wait, err := strconv.Atoi(w.Header().Get("Retry-After")); w.Code == 429 && (err != nil || wait < 1 || wait > 20*60) {
				t.Fatalf("Retry-After %q", w.Header().Get("Retry-After"))
			}
		}
		if len(d.appeals) != keepBurst || statuses[429] != 1000-keepBurst {
			t.Errorf("%d taken, %v", len(d.appeals), statuses)
		}
		if w := post(site, "/guardian", "2001:db8::1", goodGuardian); w.Code != 429 || !strings.Contains(w.Body.String(), "in 1 min, or write to the operator: <a") || !strings.Contains(w.Body.String(), "My son</textarea>") {
			t.Errorf("all is posted at one pace: %d", w.Code)
		}
		time.Sleep(postEvery)
		if w := post(site, "/guardian", "2001:db8::1", goodGuardian); w.Code != 200 {
			t.Errorf("after a while: %d", w.Code)
		}
		time.Sleep(keepEvery)
		if w := post(site, "/appeal", "2001:db8::1", goodAppeal); w.Code != 200 {
			t.Errorf("an appeal after a while: %d", w.Code)
		}
		for i := range 250 {
			if w := post(site, "/appeal", fmt.Sprintf("198.51.100.%d", i), goodAppeal); w.Code != 200 {
				t.Fatalf("household %d: %d", i, w.Code)
			}
		}
		d.err = ErrWaits
		for range 5 { // what is not taken costs no more than a post
			if w := post(site, "/appeal", "203.0.113.1", goodAppeal); w.Code != 409 {
				t.Errorf("status %d", w.Code)
			}
		}
		p := newPace(time.Minute, 1)
		for i := range paceNetworks + 1000 {
			p.take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		}
		time.Sleep(time.Minute)
		for range paceNetworks / 100 {
			p.take(netip.Addr{})
		}
		if n := p.known.Len(); n != 1 {
			t.Errorf("%d networks are remembered", n)
		}
	})
}

// everyState has every part of the template shown once.
func everyState(p *formPage) (states []formState) {
	full := p.state(http.StatusOK)
	full.Problems = map[string]string{}
	problems := []string{"form.missing", "form.long", "form.unreadable", "form.unknown", "receipt.unknown"}
	for i, f := range append(append([]field{}, p.fields...), receiptFields...) {
		full.Problems[f.Name] = problems[i%len(problems)]
	}
	for _, scope := range []string{"all", "video", "relay"} {
		full.Bans = append(full.Bans, BanShown{BanNotice{Reason: "x", Until: time.Unix(1, 0)}, "x", scope, true}, BanShown{Scope: scope})
	}
	states = append(states, p.state(http.StatusOK), full)
	for _, problem := range []string{"form.foreign", "form.broken", "form.pace", "form.full", "form.failed", "appeal.waits", "appeal.free"} {
		state := p.state(http.StatusOK)
		state.Problem = problem
		states = append(states, state)
	}
	for decision := range decisions {
		states = append(states, formState{Outcome: &Outcome{State: OutcomeDecided, Decision: decision, Reason: "x"}})
	}
	return append(states, formState{Receipt: "x", Appeal: p.path == "/appeal"},
		formState{Outcome: &Outcome{State: OutcomeWaiting}}, formState{Outcome: &Outcome{State: OutcomeExpired, Appeal: true}}, formState{Outcome: &Outcome{State: OutcomeExpired}})
}

// Every state of the form pages can be shown, in every language.
func TestFormStates(t *testing.T) {
	texts := must(builtInTexts())
	r := rendering{options: Options{}, texts: texts, chooser: newChooser(texts.languages)}
	r.layout = must(parseLayout())
	pages := must(r.formPages(withDefaults(Options{Forms: &Forms{}})))
	for path, p := range pages {
		for _, l := range texts.languages {
			for i, state := range everyState(p) {
				if _, err := p.render(variant{lang: l.Code}, state); err != nil {
					t.Errorf("%s in %s, state %d: %v", path, l.Code, i, err)
				}
			}
		}
	}
}

// FuzzForm holds that whatever is posted, only what has passed every check is taken.
func FuzzForm(f *testing.F) {
	for _, body := range []string{goodAppeal, "words=%00", "words=%c3%28&words=b", "words=a;b", "receipt=x", "=&&=%", strings.Repeat("words=x&", 100)} {
		f.Add(body, formType)
	}
	f.Add(goodAppeal, "text/plain;;;")
	var taken atomic.Int64
	site := must(New(Options{Forms: &Forms{
		Addr: func(*http.Request) netip.Addr { // each post is of another household
			n := taken.Add(1)
			return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		},
		Appeal: func(_ *http.Request, a Appeal) (string, error) {
			if a.Words == "" || utf8.RuneCountInString(a.Words) > 2000 || utf8.RuneCountInString(a.Reference) > 64 || !utf8.ValidString(a.Words+a.Reference) || strings.ContainsAny(a.Words+a.Reference, "\x00\x1b\r") {
				panic(fmt.Sprintf("%q was taken", a))
			}
			return "", ErrFull
		},
		Outcome: func(string) (Outcome, error) { return Outcome{}, ErrUnknown },
	}}))
	f.Fuzz(func(t *testing.T, body, kind string) {
		r := httptest.NewRequest(http.MethodPost, "/appeal", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if page, err := io.ReadAll(w.Body); err != nil || !utf8.Valid(page) || w.Code < 400 {
			t.Errorf("status %d, %v", w.Code, err)
		}
	})
}
