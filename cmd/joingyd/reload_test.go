package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
)

// reloading is a daemon whose settings change.
type reloading struct {
	t *testing.T
	*daemon
	next config.Config
	fail error
	log  lockedText
}

func startReloading(t *testing.T) *reloading {
	t.Helper()
	r := &reloading{t: t, next: config.Default()}
	r.next.DataDir = t.TempDir()
	r.next.HTTP.Listen, r.next.TURN.Listen = "127.0.0.1:0", []string{"127.0.0.1:0"}
	r.next.TURN.Relay, r.next.TURN.RelayAddresses = "open", []string{"127.0.0.1"}
	r.next.Moderation.BrowserClassifier = false
	level := new(slog.LevelVar)
	var err error
	r.daemon, err = newDaemonIn(r.next, newLogger(&r.log, r.next.Log, level), surroundings{
		level: level, load: func() (config.Config, error) { return r.next, errors.Join(r.fail, errors.Join(problems(r.next)...)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("daemon ended with %v", err)
		}
	})
	return r
}

// problems is what config.Load would say.
func problems(c config.Config) (errs []error) {
	for _, p := range c.Validate() {
		errs = append(errs, p)
	}
	return errs
}

// page returns a page, and ask the answer to a request for one.
func (r *reloading) page(path string) string {
	_, body := r.ask(path, nil)
	return body
}

func (r *reloading) ask(path string, header http.Header) (*http.Response, string) {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+r.httpListener.Addr().String()+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header = header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response, string(body)
}

// upgrade returns what a WebSocket of an origin is answered that asks for no upgrade.
func (r *reloading) upgrade(header http.Header) int {
	response, _ := r.ask("/ws", header)
	return response.StatusCode
}

// from returns where a request comes from that a proxy has passed on.
func (r *reloading) from() netip.Addr {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.RemoteAddr = "192.0.2.1:5"
	request.Header.Set("X-Forwarded-For", "203.0.113.1")
	request.Header.Set("Forwarded", "for=203.0.113.2")
	return r.clients.Of(request)
}

// logged reports whether a line of a level is written.
func (r *reloading) logged(level slog.Level, text string) string {
	r.log.Reset()
	r.daemon.log.Log(r.t.Context(), level, text)
	return r.log.String()
}

// Every key that config calls live changes the running daemon, in one reload of all, and
// nothing else is taken over. What is shown of each is asked before and after.
func TestReloadTakesOverEveryLiveKey(t *testing.T) {
	r := startReloading(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	logo := write("logo.svg", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>`)
	if err := os.Mkdir(filepath.Join(dir, "pages"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("pages/imprint.md", "---\ntitle: Imprint\nversion: 2026-01-01\nupdated: 2026-01-01\n---\n\nHeliotrope Ltd.\n")
	secret := write("secret", strings.Repeat("secret", 6))
	users := write("users", "alice:password\nbob:password\n")
	words := write("words", "frobnicate\n")

	live := func(get func(match.Live) any) func() any { return func() any { return get(r.hub.Live()) } }
	accounts := func() string { u, s := r.relay.Accounts(); return fmt.Sprint(u, s) }
	shows := func(path, text string) func() any { return func() any { return strings.Contains(r.page(path), text) } }
	tests := []struct {
		key    string
		change func(*config.Config)
		ask    func() any
		want   any
	}{
		{"http.allow_origins", func(c *config.Config) { c.HTTP.AllowOrigins = []string{"https://a.example"} },
			func() any { return r.upgrade(http.Header{"Origin": {"https://a.example"}}) }, http.StatusUpgradeRequired},
		{"http.allow_no_origin", func(c *config.Config) { c.HTTP.AllowNoOrigin = true }, func() any { return r.upgrade(nil) }, http.StatusUpgradeRequired},
		{"http.trusted_proxies", func(c *config.Config) { c.HTTP.TrustedProxies = []string{"192.0.2.1"} },
			func() any { return r.from() != netip.MustParseAddr("192.0.2.1") }, true},
		{"http.forwarded_header", func(c *config.Config) { c.HTTP.ForwardedHeader = "Forwarded" }, func() any { return r.from().String() }, "203.0.113.2"},
		{"turn.public_host", func(c *config.Config) { c.TURN.PublicHost = "turn.example" },
			func() any { return strings.Contains(fmt.Sprint(r.iceURLs("x.example")), "turn.example") }, true},
		{"turn.allocations_per_session", func(c *config.Config) { c.TURN.AllocationsPerSession = 3 }, func() any { return r.relay.Limits().AllocationsPerSession }, 3},
		{"turn.allocations_per_address", func(c *config.Config) { c.TURN.AllocationsPerAddress = 4 }, func() any { return r.relay.Limits().AllocationsPerSource }, 4},
		{"turn.allocations", func(c *config.Config) { c.TURN.Allocations = 5 }, func() any { return r.relay.Limits().Allocations }, 5},
		{"turn.traffic_per_month", func(c *config.Config) { c.TURN.TrafficPerMonth = 1e12 }, func() any { return r.traffic.Now().Limit }, uint64(1e12)},
		{"turn.users_file", func(c *config.Config) { c.TURN.UsersFile = users }, func() any { return accounts()[:1] }, "2"},
		{"turn.secret_files", func(c *config.Config) { c.TURN.SecretFiles = []string{secret} }, func() any { return accounts()[2:] }, "1"},
		{"match.sessions", func(c *config.Config) { c.Match.Sessions = 6 }, live(func(l match.Live) any { return l.Sessions }), 6},
		{"match.sessions_per_address", func(c *config.Config) { c.Match.PerAddress = 7 }, live(func(l match.Live) any { return l.SessionsPerAddress }), 7},
		{"match.sessions_per_address_max", func(c *config.Config) { c.Match.PerAddressMax = 8 }, live(func(l match.Live) any { return l.SessionsPerAddressMax }), 8},
		{"filter.links", func(c *config.Config) { c.Filter.Links = "reject" }, live(func(l match.Live) any { return l.Filter.Links }), match.FilterPolicies()["reject"]},
		{"filter.contacts", func(c *config.Config) { c.Filter.Contacts = "mask" }, live(func(l match.Live) any { return l.Filter.Contacts }), match.FilterPolicies()["mask"]},
		{"filter.words", func(c *config.Config) { c.Filter.Words = "reject" }, live(func(l match.Live) any { return l.Filter.Words }), match.FilterPolicies()["reject"]},
		{"filter.words_file", func(c *config.Config) { c.Filter.WordsFile = words }, live(func(l match.Live) any { return l.Filter.List != nil }), true},
		{"filter.repeats", func(c *config.Config) { c.Filter.Repeats = 9 }, live(func(l match.Live) any { return l.Filter.Repeats }), 9},
		{"filter.mute_after", func(c *config.Config) { c.Filter.MuteAfter = 10 }, live(func(l match.Live) any { return l.Filter.MuteAfter }), 10},
		{"filter.mute_for", func(c *config.Config) { c.Filter.MuteFor = time.Minute }, live(func(l match.Live) any { return l.Filter.MuteFor }), time.Minute},
		{"filter.ban_after", func(c *config.Config) { c.Filter.BanAfter = 11 }, live(func(l match.Live) any { return l.Filter.BanAfter }), 11},
		{"filter.ban_for", func(c *config.Config) { c.Filter.BanFor = time.Hour }, live(func(l match.Live) any { return l.Filter.BanFor }), time.Hour},
		{"bans.default_for", func(c *config.Config) { c.Bans.DefaultFor = time.Hour }, func() any { return r.service.Terms().DefaultFor }, time.Hour},
		{"bans.steps", func(c *config.Config) { c.Bans.Steps = []string{"2h"} }, func() any { return fmt.Sprint(r.service.Terms().Steps) }, "[2h0m0s]"},
		{"bans.shared_for", func(c *config.Config) { c.Bans.SharedFor = time.Minute }, func() any { return r.service.Terms().SharedFor }, time.Minute},
		{"bans.shared", func(c *config.Config) { c.Bans.Shared = []string{"192.0.2.0/24"} }, func() any { return fmt.Sprint(r.service.Terms().Shared) }, "[192.0.2.0/24]"},
		{"moderation.audit_days", func(c *config.Config) { c.Moderation.AuditDays = 800 }, func() any { return strings.Contains(fmt.Sprint(r.retention()), "800d (`moderation.audit_days`)") }, true},
		{"site.name", func(c *config.Config) { c.Site.Name = "Parley" }, shows("/", "Parley"), true},
		{"site.contact", func(c *config.Config) { c.Site.Contact = "https://parley.example/contact" }, shows("/rules", "https://parley.example/contact"), true},
		{"site.abuse_contact", func(c *config.Config) { c.Site.AbuseContact = "abuse@parley.example" }, shows("/law", "abuse@parley.example"), true},
		{"site.pages_dir", func(c *config.Config) { c.Site.PagesDir = filepath.Join(dir, "pages") }, shows("/imprint", "Heliotrope Ltd."), true},
		{"site.policy", func(c *config.Config) { c.Site.Policy = "seven" }, func() any { return r.hub.Live().Policy == "seven" && strings.Contains(r.page("/"), "seven") }, true},
		{"site.logo", func(c *config.Config) { c.Site.Logo = logo }, func() any { return regexp.MustCompile(`<link rel="icon"[^>]*>`).FindString(r.page("/")) }, nil},
		{"site.accent", func(c *config.Config) { c.Site.Accent = "#b3452a" }, shows("/", "#b3452a"), true},
		{"site.banner", func(c *config.Config) { c.Site.Banner = "Down on Sunday" }, shows("/", "Down on Sunday"), true},
		{"site.processors", func(c *config.Config) { c.Site.Processors = []string{"Heliotrope Hosting: runs the server, Germany"} }, shows("/privacy", "Heliotrope Hosting"), true},
		{"site.node_cookie", func(c *config.Config) { c.Site.NodeCookie = "node7" }, func() any {
			response, _ := r.ask("/rules", nil)
			return strings.Contains(fmt.Sprint(response.Header["Set-Cookie"]), "node7")
		}, true},
		{"site.publish_figures", func(c *config.Config) { c.Site.PublishFigures = false }, shows("/transparency", "The software keeps the mo"), true},
		{"log.level", func(c *config.Config) { c.Log.Level = "warn" }, func() any { return r.logged(slog.LevelInfo, "x") == "" }, true},
		{"log.addresses", func(c *config.Config) { c.Log.Addresses = "none" }, func() any { return strings.Contains(r.logged(slog.LevelError, "192.0.2.1"), "(address)") }, true},
	}
	before := make([]any, len(tests))
	for i, tt := range tests {
		before[i] = tt.ask()
	}
	tested := make(map[string]bool)
	for _, tt := range tests {
		tested[tt.key] = true
		tt.change(&r.next)
	}
	r.next.TURN.Realm, r.next.Match.Patience = "elsewhere", time.Minute
	if err := r.reload(); err != nil {
		t.Fatal(err)
	}
	for i, tt := range tests {
		if after := tt.ask(); after == before[i] || tt.want != nil && after != tt.want {
			t.Errorf("%s: %v before, %v after, want %v", tt.key, before[i], after, tt.want)
		}
	}
	if text := fmt.Sprint(r.warnings.last()); !strings.Contains(text, "need a restart (keys: turn.realm, match.patience)") {
		t.Errorf("warnings: %s", text)
	}
	for _, f := range config.Fields() {
		if f.Live != tested[f.Key] {
			t.Errorf("%s: tagged live: %v, tested: %v", f.Key, f.Live, tested[f.Key])
		}
	}
}

// What is wrong with the settings is said, and changes nothing.
func TestBadReloadChangesNothing(t *testing.T) {
	r := startReloading(t)
	tests := []struct {
		name   string
		change func(*config.Config)
		fail   error
		want   string
	}{
		{"unreadable", nil, errors.New("joingyd.yaml: cannot be read"), "joingyd.yaml: cannot be read"},
		{"a value", func(c *config.Config) { c.Log.Level = "loud" }, nil, `log.level: "loud" is not known`},
		{"a file", func(c *config.Config) { c.Filter.WordsFile = "/nowhere/words" }, nil, "filter.words_file: open /nowhere/words"},
		{"a page", func(c *config.Config) { c.Site.Accent = "#ffffff" }, nil, "site.accent"},
		{"a secret", func(c *config.Config) { c.TURN.SecretFiles = []string{"/nowhere/secret"} }, nil, "turn.secret_files"},
	}
	good := r.next
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.next, r.fail = good, tt.fail
			r.next.Site.Banner = "never seen"
			if tt.change != nil {
				tt.change(&r.next)
			}
			if err := r.reload(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if strings.Contains(r.page("/"), "never seen") {
				t.Error("some of it was taken over")
			}
		})
	}
}

// lockedText is a text that is written and read at the same time.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lockedText) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}
