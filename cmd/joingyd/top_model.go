package main

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ident"
)

// topModel is all that the screen of joingyd top shows. Update makes the next one
// of a message, screen draws it; both do nothing else.
//
//	Init ─▶ look ─▶ lookedMsg ─▶ wait ─▶ waitedMsg ─▶ look …
//	keys ─▶ kick ─▶ kickedMsg
//	     └▶ form ─▶ ban (dry run) ─▶ plannedMsg ─▶ y ─▶ ban ─▶ bannedMsg
type topModel struct {
	link  daemonLink
	every time.Duration
	own   []string // addresses that the admin is connected from

	width, height int

	now     time.Time // of the last look
	status  admin.Status
	list    admin.SessionList
	traffic traffic
	lost    error     // why the daemon does not answer; nil: it does
	lostAt  time.Time // since when

	order    topOrder
	filter   string
	shown    []admin.Session // of list, filtered and in order
	selected int             // in shown
	looks    int             // started; the last one goes on

	mode   topMode
	target admin.Session // of a question or a form
	form   banForm
	plan   admin.BanResult // what the form would do
	note   string          // what became of the last action
}

// topMode is what keys mean.
type topMode int

const (
	topBrowsing   topMode = iota
	topFiltering          // they go into the filter
	topKicking            // y kicks
	topBanning            // they go into the form
	topConfirming         // y bans
	topHelping            // any goes back
)

// Messages: what the daemon answered.
type (
	lookedMsg struct {
		look int
		at   time.Time
		view topView
		err  error
	}
	topView struct {
		status admin.Status
		list   admin.SessionList
	}
	waitedMsg struct{ look int }
	kickedMsg struct {
		id  ident.Session
		err error
	}
	plannedMsg struct {
		choice banChoice
		plan   admin.BanResult
		err    error
	}
	bannedMsg struct {
		result admin.BanResult
		err    error
	}
)

func newTopModel(link daemonLink, every time.Duration) topModel {
	return topModel{link: link, every: every, own: ownAddresses(), now: time.Now(), order: byState}
}

// Init implements tea.Model.
func (m topModel) Init() tea.Cmd { return m.look(0) }

// look asks for all that is shown. Only the last look is followed by another.
func (m topModel) look(number int) tea.Cmd {
	sort := admin.SortAge
	if m.order == byReports {
		sort = admin.SortReports // of more than a list can have, those
	}
	return question(m.link, func(ctx context.Context, c control) (v topView, err error) {
		if v.status, err = c.Status(ctx); err == nil {
			v.list, err = c.Sessions(ctx, admin.SessionsRequest{Sort: sort})
		}
		return v, err
	}, func(v topView, err error) tea.Msg { return lookedMsg{number, time.Now(), v, err} })
}

// lookNow starts another chain of looks; the one before ends.
func (m topModel) lookNow() (topModel, tea.Cmd) {
	m.looks++
	return m, m.look(m.looks)
}

func (m topModel) kick(id ident.Session) tea.Cmd {
	return question(m.link, func(ctx context.Context, c control) (admin.KickResult, error) {
		return c.Kick(ctx, admin.KickRequest{Session: id.String()})
	}, func(_ admin.KickResult, err error) tea.Msg { return kickedMsg{id, err} })
}

func (m topModel) ban(dryRun bool) tea.Cmd {
	choice := m.form.banChoice
	req := choice.request(m.target.ID)
	req.DryRun, req.Own = dryRun, m.own
	return question(m.link, func(ctx context.Context, c control) (admin.BanResult, error) {
		return c.Ban(ctx, req)
	}, func(result admin.BanResult, err error) tea.Msg {
		if dryRun {
			return plannedMsg{choice, result, err}
		}
		return bannedMsg{result, err}
	})
}

// arrange fills shown, and keeps the same session selected while it is there:
// nobody must kick whoever has moved under the cursor.
func (m topModel) arrange() topModel {
	var selected ident.Session
	if m.selected < len(m.shown) {
		selected = m.shown[m.selected].ID
	}
	m.shown = nil
	for _, s := range m.list.Sessions {
		if matchesFilter(s, m.filter) {
			m.shown = append(m.shown, s)
		}
	}
	slices.SortStableFunc(m.shown, m.order.compare)
	if i := slices.IndexFunc(m.shown, func(s admin.Session) bool { return s.ID == selected }); i >= 0 {
		m.selected = i
	}
	return m.move(0)
}

// move moves the selection, as far as there are sessions.
func (m topModel) move(by int) topModel {
	m.selected = max(0, min(m.selected+by, len(m.shown)-1))
	return m
}

// without takes a session off the list, without waiting for the next look.
func (m topModel) without(id ident.Session) topModel {
	m.list.Sessions = slices.DeleteFunc(slices.Clone(m.list.Sessions), func(s admin.Session) bool { return s.ID == id })
	return m.arrange()
}

func matchesFilter(s admin.Session, filter string) bool {
	text := strings.Join([]string{s.ID.String(), string(s.State), s.Mode, s.Network.String()}, " ")
	return strings.Contains(text, strings.ToLower(filter))
}
