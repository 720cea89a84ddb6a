package main

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
)

// topDaemon is a daemon that answers joingyd top.
type topDaemon struct {
	control // panics where it is asked for more
	view    topView
	err     error // of everything
	asked   []admin.SessionsRequest
	kicked  []string
	bans    []admin.BanRequest
}

func (d *topDaemon) Status(context.Context) (admin.Status, error) { return d.view.status, d.err }

func (d *topDaemon) Sessions(_ context.Context, req admin.SessionsRequest) (admin.SessionList, error) {
	d.asked = append(d.asked, req)
	return d.view.list, d.err
}

func (d *topDaemon) Kick(_ context.Context, req admin.KickRequest) (admin.KickResult, error) {
	d.kicked = append(d.kicked, req.Session)
	return admin.KickResult{Session: req.Session}, d.err
}

func (d *topDaemon) Ban(_ context.Context, req admin.BanRequest) (admin.BanResult, error) {
	d.bans = append(d.bans, req)
	return admin.BanResult{Ban: ban.Ban{Reason: req.Reason}, Also: make([]ban.Ban, 1), EndedSessions: 3, DryRun: req.DryRun}, d.err
}

// topWith is a screen of a daemon with so many sessions, looked at once.
func topWith(t *testing.T, sessions int) (topModel, *topDaemon) {
	t.Helper()
	d := new(topDaemon)
	for n := range sessions {
		d.view.list.Sessions = append(d.view.list.Sessions, topSession(n))
	}
	d.view.list.Total = sessions
	link := daemonLink{t.Context(), func(context.Context) (control, error) { return d, nil }}
	m := newTopModel(link, time.Millisecond)
	m.width, m.height, m.own = 80, 24, []string{"198.51.100.9"}
	m, _ = follow(t, m, m.Init())
	return m, d
}

// follow lets the daemon answer, and returns what is to be done then.
func follow(t *testing.T, m topModel, cmd tea.Cmd) (topModel, tea.Cmd) {
	t.Helper()
	if cmd == nil {
		t.Fatal("nothing is asked")
	}
	next, cmd := m.Update(cmd())
	return next.(topModel), cmd
}

func (m topModel) ids() (ids []ident.Session) {
	for _, s := range m.shown {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestTopLooksAgainAndAgain(t *testing.T) {
	m, d := topWith(t, 3)
	if len(m.shown) != 3 || m.lost != nil {
		t.Fatalf("shown %v, lost %v", m.ids(), m.lost)
	}
	_, cmd := m.Update(lookedMsg{look: m.looks, view: d.view})
	for range 3 { // a wait, and a look
		var waited tea.Cmd
		m, waited = follow(t, m, cmd)
		m, cmd = follow(t, m, waited)
	}
	if len(d.asked) != 4 {
		t.Errorf("%d looks, want the first and three", len(d.asked))
	}

	// A sort that the daemon must know of is a look of its own, and ends the others.
	m, cmd = press(m, "s", "s")
	if m.order != byReports {
		t.Fatalf("sorted by %s", m.order)
	}
	_, late := m.Update(lookedMsg{look: m.looks - 1, err: errors.New("late")})
	if late != nil {
		t.Error("a look that was overtaken goes on")
	}
	if next, waited := m.Update(waitedMsg{m.looks - 1}); waited != nil || next.(topModel).lost != nil {
		t.Error("a wait that was overtaken goes on")
	}
	m, _ = follow(t, m, cmd)
	if got := d.asked[len(d.asked)-1].Sort; got != admin.SortReports {
		t.Errorf("asked by %q", got)
	}
}

func TestTopOutlivesTheDaemon(t *testing.T) {
	m, d := topWith(t, 3)
	d.err = errors.New("connection refused")
	m, waited := follow(t, m, m.look(m.looks))
	if m.lost == nil || len(m.shown) != 3 || waited == nil {
		t.Fatalf("lost %v, %d shown; want an error, and what was known", m.lost, len(m.shown))
	}
	since := m.lostAt
	m, _ = follow(t, m, m.look(m.looks))
	if !m.lostAt.Equal(since) {
		t.Error("the daemon is gone since the last look, want the first")
	}
	m, cmd := press(m, "k", "y")
	m, _ = follow(t, m, cmd)
	if m.note != "connection refused" || len(m.shown) != 3 {
		t.Errorf("a kick in vain: %q, %d shown", m.note, len(m.shown))
	}
	d.err = nil
	m, _ = follow(t, m, m.look(m.looks))
	if m.lost != nil {
		t.Errorf("lost %v, though it is back", m.lost)
	}

	// Where it cannot even be reached, that is what is said.
	m.link.connect = func(context.Context) (control, error) { return nil, admin.ErrNoDaemon }
	m, _ = follow(t, m, m.look(m.looks))
	if !errors.Is(m.lost, admin.ErrNoDaemon) {
		t.Errorf("lost %v", m.lost)
	}
}

func TestTopKicks(t *testing.T) {
	m, d := topWith(t, 5)
	victim := m.shown[1].ID
	m, cmd := press(m, "down", "k")
	if m.mode != topKicking || cmd != nil || len(d.kicked) != 0 {
		t.Fatalf("mode %d: a kick must be asked first", m.mode)
	}
	// Another look, in which everybody is somewhere else, changes nothing.
	slices.Reverse(d.view.list.Sessions)
	for i := range d.view.list.Sessions {
		d.view.list.Sessions[i].State, d.view.list.Sessions[i].StateSince = admin.SessionIdle, topNoon.Add(time.Duration(-i)*time.Hour)
	}
	m, _ = follow(t, m, m.look(m.looks))
	if m.mode != topKicking || m.shown[m.selected].ID != victim || m.selected == 1 {
		t.Fatalf("the mark is on %v at %d, want %v elsewhere", m.shown[m.selected].ID, m.selected, victim)
	}
	m, cmd = press(m, "y")
	m, _ = follow(t, m, cmd)
	if !slices.Equal(d.kicked, []string{victim.String()}) || m.note != "kicked "+victim.String() {
		t.Errorf("kicked %v, want %v; said %q", d.kicked, victim, m.note)
	}
	if slices.Contains(m.ids(), victim) || len(m.shown) != 4 || len(d.view.list.Sessions) != 5 {
		t.Errorf("shown %v; want all but the kicked", m.ids())
	}
	for _, no := range []string{"n", "esc", "enter", "k", "q", "Y"} {
		next, cmd := press(m, "k", no)
		if next.mode != topBrowsing || cmd != nil || next.note != "nothing was done" {
			t.Errorf("%s: mode %d, %q", no, next.mode, next.note)
		}
	}
	if len(d.kicked) != 1 {
		t.Errorf("kicked %v", d.kicked)
	}

	m, _ = topWith(t, 0)
	if m, cmd = press(m, "k", "y"); cmd != nil || m.mode != topBrowsing {
		t.Errorf("nobody is kicked: mode %d", m.mode)
	}
}

func TestTopBans(t *testing.T) {
	m, d := topWith(t, 5)
	target := m.shown[0].ID.String()
	m, cmd := press(m, "b", "right", "tab", "s", "p", "x", "backspace", "a", "m", " ", "q")
	if cmd != nil || len(d.bans) != 0 {
		t.Fatal("the form asks the daemon before it is told to")
	}
	next, _ := m.Update(tea.PasteMsg{Content: "\x1b[2J\nü"})
	m, cmd = press(next.(topModel), "enter")
	m, _ = follow(t, m, cmd)
	want := admin.BanRequest{Session: target, For: "7d", Reason: "spam q[2Jü", DryRun: true, Own: []string{"198.51.100.9"}}
	if len(d.bans) != 1 || !reflect.DeepEqual(d.bans[0], want) || m.mode != topConfirming {
		t.Fatalf("asked for %+v, want %+v; mode %d", d.bans, want, m.mode)
	}
	if text := strings.Join(m.screen(), "\n"); !strings.Contains(text, "\nwould ban hidden address; ends: ") || !strings.Contains(text, "\nwould end 3 live sessions\n") {
		t.Errorf("the screen says\n%s", text)
	}
	if no := pressed(m, "n"); no.mode != topBrowsing || no.note != "nothing was done" {
		t.Errorf("n: mode %d, %q", no.mode, no.note)
	}
	looks := m.looks
	m, cmd = press(m, "y")
	m, cmd = follow(t, m, cmd)
	if want.DryRun = false; len(d.bans) != 2 || !reflect.DeepEqual(d.bans[1], want) {
		t.Errorf("banned %+v, want %+v", d.bans[1:], want)
	}
	if m.note != "made 2 bans, ended 3 live sessions" || m.looks == looks || cmd == nil {
		t.Errorf("said %q; want another look at once", m.note)
	}
}

// What the daemon refuses is said, and the form stays to be changed.
func TestTopBanIsRefused(t *testing.T) {
	m, d := topWith(t, 1)
	d.err = &admin.Error{Code: admin.CodeNeedsForce, Detail: "127.0.0.1 is this machine's own address; if you mean it, add --force"}
	m, cmd := press(m, "b", "enter")
	m, _ = follow(t, m, cmd)
	if m.mode != topBanning || m.note != d.err.Error() {
		t.Errorf("mode %d, %q", m.mode, m.note)
	}
	m = pressed(m, "right", "right", "right", "right", "left", "tab", "shift+tab", "right")
	if req := m.form.request(m.target.ID); !req.Permanent || req.For != "" || m.note != "" {
		t.Errorf("the form asks for %+v, %q", req, m.note)
	}

	// A plan for what the form said before is no plan for what it says now.
	d.err = nil
	_, planned := press(m, "enter")
	m = pressed(m, "left")
	if m, _ = follow(t, m, planned); m.mode != topBanning {
		t.Error("a plan for another ban was taken")
	}
	_, planned = press(m, "enter")
	m = pressed(m, "esc")
	if m, _ = follow(t, m, planned); m.mode != topBrowsing {
		t.Error("a plan came back after Esc")
	}
}

// A session with many addresses is many bans: the screen shows a few, and all that
// they would do.
func TestTopShowsAPlanOfManyBans(t *testing.T) {
	m := pressed(topOf(1, 80, 24), "b")
	for also, want := range map[int]string{0: "", 3: "", 4: "and 1 ban more of the same", 30: "and 27 bans more of the same"} {
		next, _ := m.Update(plannedMsg{choice: m.form.banChoice, plan: admin.BanResult{Also: make([]ban.Ban, also), EndedSessions: 5, DryRun: true}})
		text := strings.Join(next.(topModel).screen(), "\n")
		if n := strings.Count(text, "would ban hidden address"); n != min(also+1, mostPlanned) || strings.Contains(text, "of the same") != (want != "") || !strings.Contains(text, want) || !strings.Contains(text, "would end 5 live sessions") {
			t.Errorf("%d bans: the screen says\n%s", also+1, text)
		}
	}
}

func TestBanFormRequests(t *testing.T) {
	id := topSession(1).ID
	for keys, want := range map[string]admin.BanRequest{
		"":                             {For: "24h"},
		"left":                         {For: "1h"},
		"left left left":               {For: "1h"},
		"right":                        {For: "7d"},
		"right right":                  {For: "30d"},
		"right right right right":      {Permanent: true},
		"a b":                          {For: "24h"}, // that is no field for text
		"down a b up left":             {For: "1h", Reason: "ab"},
		"tab a left left":              {For: "24h", Reason: "a"},
		"tab tab right":                {Shared: true},
		"up right up a":                {Shared: true, Reason: "a"},
		"right up right left":          {For: "7d"},
		"tab tab right tab right":      {Shared: true},
		"tab a backspace":              {For: "24h"},
		"tab ü backspace":              {For: "24h"},
		"tab backspace":                {For: "24h"},
		"backspace tab a tab tab left": {For: "1h", Reason: "a"},
	} {
		m := topModel{mode: topBanning, form: newBanForm()}
		m = pressed(m, strings.Fields(keys)...)
		want.Session = id.String()
		if got := m.form.request(id); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", keys, got, want)
		}
		if err := m.form.request(id).Validate(); err != nil {
			t.Errorf("%s: %v", keys, err)
		}
	}
	m := topModel{mode: topBanning, form: newBanForm()}
	m = pressed(m, "tab").typed(strings.Repeat("ü", 1000))
	if got := strings.Count(m.form.reason, "ü"); got != mostReason || len(m.form.reason) != 2*mostReason {
		t.Errorf("a reason of %d characters", got)
	}
}

func TestTopFilters(t *testing.T) {
	m, _ := topWith(t, 40)
	all := len(m.shown)
	m = pressed(m, "/", "W", "a", "i", "t", "x", "backspace")
	if m.mode != topFiltering || len(m.shown) != 10 {
		t.Errorf("mode %d, %d shown for %q", m.mode, len(m.shown), m.filter)
	}
	for _, s := range m.shown {
		if s.State != admin.SessionWaiting {
			t.Errorf("%s is shown for %q", s.State, m.filter)
		}
	}
	m = pressed(m, "enter", "end")
	if m.mode != topBrowsing || m.selected != 9 {
		t.Errorf("mode %d, number %d is marked", m.mode, m.selected)
	}
	m = pressed(m, "esc")
	if m.filter != "" || len(m.shown) != all {
		t.Errorf("%d shown for %q after Esc", len(m.shown), m.filter)
	}
	m = pressed(m, "/", "2", "0", "0", "1", ":", "d", "esc")
	if m.filter != "" || m.mode != topBrowsing || len(m.shown) != all {
		t.Errorf("%d shown for %q after Esc in the filter", len(m.shown), m.filter)
	}
	one := m.shown[7].ID
	m = pressed(m, "/").typed(one.String())
	if len(m.shown) != 1 || m.shown[0].ID != one || m.selected != 0 {
		t.Errorf("shown %v for %v", m.ids(), one)
	}
	if m = m.typed(strings.Repeat("x", 1000)); len(m.filter) != mostFilter || len(m.shown) != 0 {
		t.Errorf("a filter of %d characters, %d shown", len(m.filter), len(m.shown))
	}
}

func TestTopMoves(t *testing.T) {
	m, _ := topWith(t, 40)
	page := m.rows()
	for _, step := range []struct {
		key  string
		want int
	}{
		{"up", 0}, {"down", 1}, {"down", 2}, {"up", 1}, {"pgdown", 1 + page}, {"pgup", 1}, {"pgup", 0}, {"end", 39}, {"down", 39}, {"pgdown", 39}, {"up", 38}, {"home", 0},
	} {
		if m = pressed(m, step.key); m.selected != step.want {
			t.Errorf("%s: number %d is marked, want %d", step.key, m.selected, step.want)
		}
	}

	// Whoever is marked stays so while there; else the mark stays in the list.
	m = pressed(m, "end")
	marked := m.shown[39].ID
	m = m.without(m.shown[0].ID)
	if m.selected != 38 || m.shown[38].ID != marked {
		t.Errorf("number %d is marked", m.selected)
	}
	if m = m.without(marked); m.selected != 37 {
		t.Errorf("number %d is marked, want the last", m.selected)
	}
}

func TestTopEnds(t *testing.T) {
	m, _ := topWith(t, 1)
	for _, keys := range [][]string{{"q"}, {"ctrl+c"}, {"k", "ctrl+c"}, {"b", "tab", "ctrl+c"}, {"/", "ctrl+c"}, {"?", "q", "q"}} {
		_, cmd := press(m, keys...)
		if cmd == nil {
			t.Fatalf("%v does not end it", keys)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%v does not end it", keys)
		}
	}
	if m := pressed(m, "/", "q"); m.filter != "q" {
		t.Errorf("q in the filter is %q", m.filter)
	}
	_, cmd := press(m, "ctrl+z")
	if _, ok := cmd().(tea.SuspendMsg); !ok {
		t.Error("Ctrl-Z does not suspend it")
	}
	next, _ := m.Update(tea.WindowSizeMsg{Width: 100, Height: 7})
	if lines := next.(topModel).screen(); len(lines) != 7 {
		t.Errorf("%d lines after a resize to 7", len(lines))
	}
}
