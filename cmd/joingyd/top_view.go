package main

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// style is an SGR sequence (ECMA-48). What matters is said in words as well: the
// library takes the colours away where NO_COLOR or the terminal wants none.
type style string

const (
	plain    style = ""
	bold     style = "\x1b[1m"
	faint    style = "\x1b[2m"
	reversed style = "\x1b[7m"
	red      style = "\x1b[31m"
	green    style = "\x1b[32m"
	yellow   style = "\x1b[33m"
)

// on returns the text in this style.
func (s style) on(text string) string {
	if s == plain || text == "" {
		return text
	}
	return string(s) + text + "\x1b[m"
}

// View implements tea.Model.
func (m topModel) View() tea.View {
	view := tea.NewView(strings.Join(m.screen(), "\n"))
	view.AltScreen = true
	return view
}

// screen draws the model: at most height lines of at most width characters.
func (m topModel) screen() []string {
	head, foot, rows := m.layout()
	lines := append(head, m.body(rows)...)
	for len(lines) < m.height-len(foot) {
		lines = append(lines, "")
	}
	lines = append(lines[:max(0, min(len(lines), m.height-len(foot)))], foot...)
	lines = lines[:min(len(lines), m.height)]
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], m.width, "")
	}
	return lines
}

// rows is how many sessions there is room for.
func (m topModel) rows() int {
	_, _, rows := m.layout()
	return rows
}

// fewRows is how many sessions are more important than the head, but for its first
// line.
const fewRows = 3

// layout shares the height out. Where there is little, the head gives way.
func (m topModel) layout() (head, foot []string, rows int) {
	head, foot = m.head(), m.foot()
	body, least := 1+fewRows, 1
	if text := m.text(); text != "" {
		body, least = len(wrapped(plain, text, m.width)), 0
	}
	for len(head) > least && m.height-len(head)-len(foot) < body {
		head = head[:len(head)-1]
	}
	return head, foot, max(1, m.height-len(head)-1-len(foot))
}

// recently is how old a warning of the log may be to be shown.
const recently = 10 * time.Minute

func (m topModel) head() []string {
	s := m.status
	title := fmt.Sprintf("joingyd %s   up %s   bans %s", harmless(s.Version), about(m.now.Sub(s.Started)), thousands(s.Bans))
	if s.Version == "" {
		title = "joingyd   waiting for the daemon's first answer"
	}
	lines := []string{bold.on(title), m.crowdLine(), m.relayLine()}
	if m.lost != nil {
		lines[0] = red.on(fmt.Sprintf("no answer for %s, trying again: what is below is old", about(m.now.Sub(m.lostAt))))
	}
	if n := len(s.Warnings); n > 0 && m.now.Sub(s.Warnings[n-1].At) < recently {
		lines = append(lines, yellow.on("warning "+warningLine(s.Warnings[n-1], m.now)))
	}
	return append(lines, "")
}

func (m topModel) crowdLine() string {
	s := m.status
	line := fmt.Sprintf("sessions %s   chats %s (%s video, %s text)   waiting %s", thousands(s.Online),
		thousands(s.Pairs), thousands(s.VideoPairs), thousands(s.Pairs-s.VideoPairs), thousands(s.Waiting))
	if len(m.shown) < m.list.Total {
		line += "   listed " + thousands(len(m.shown))
	}
	return line
}

func (m topModel) relayLine() string {
	line := fmt.Sprintf("relays %s   %s/s in and out   ", thousands(m.status.Allocations), bytesText(m.traffic.rate()))
	if m.status.Draining {
		line += yellow.on("draining") + "   "
	}
	if until := m.status.Month.ClosedUntil; !until.IsZero() {
		line += yellow.on("no new video chats until "+until.UTC().Format(time.DateOnly)) + "   "
	}
	return line + spark(m.traffic.rates, m.width-ansi.StringWidth(line))
}

// body is the list, or the text that stands in its place.
func (m topModel) body(rows int) []string {
	if text := m.text(); text != "" {
		return wrapped(plain, text, m.width)
	}
	return m.table(rows)
}

// text is what the mode shows in place of the list, empty if nothing.
func (m topModel) text() string {
	switch m.mode {
	case topBanning:
		return m.form.text(m.target)
	case topConfirming:
		return m.planText()
	case topHelping:
		return topHelp
	}
	return ""
}

const topHelp = `Up, Down, PgUp, PgDn, Home, End   pick a session
k       kick it: it ends, and may come back at once
b       ban every address that it used; asks for how long and why, tells first
        what that would end
s       sort by state, age, reports or traffic
/       show only sessions with this in identity, state, mode or network
Esc     show all of them again
q       quit; so does Ctrl-C

A network is an address cut to its /24 (IPv6: /48). The daemon's log notes a
kick and a ban, and who asked. A ban that the daemon takes for a mistake needs
joingyd ban --force.`

// mostNote is how many lines a note may take.
const mostNote = 4

// foot is what is asked, what became of the last action, and the keys.
func (m topModel) foot() []string {
	note := bold
	text := m.note
	switch {
	case m.mode == topKicking:
		text = fmt.Sprintf("Kick %s?", m.target.ID)
	case m.mode == topFiltering:
		text = "/" + m.filter + "_"
	case text == "" && m.lost != nil:
		note, text = plain, failureText(m.lost)
	}
	var lines []string
	if text != "" {
		lines = wrapped(note, text, m.width)
		lines = lines[:min(len(lines), mostNote)]
	}
	return append(lines, wrapped(faint, m.keys(), m.width)[0])
}

// keys tells what keys mean now, the most important first.
func (m topModel) keys() string {
	switch m.mode {
	case topFiltering:
		return "Enter: done  Esc: show all"
	case topKicking, topConfirming:
		return "y: yes  any other key: no"
	case topBanning:
		return "Enter: see what it would do  Tab: next line  Left, Right: choose  Esc: back"
	case topHelping:
		return "any key: back"
	}
	filter := "/ filter"
	if m.filter != "" {
		filter += ": " + m.filter
	}
	return fmt.Sprintf("k kick  b ban  s sort: %s  %s  ? help  q quit", m.order, filter)
}

// wrapped breaks a text into lines of at most width characters.
func wrapped(s style, text string, width int) []string {
	lines := strings.Split(ansi.Wrap(text, max(width, 1), ""), "\n")
	for i := range lines {
		lines[i] = s.on(lines[i])
	}
	return lines
}
