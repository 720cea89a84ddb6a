package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// Update implements tea.Model.
func (m topModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.typed(msg.Content), nil
	case waitedMsg:
		if msg.look == m.looks {
			return m, m.look(msg.look)
		}
	case lookedMsg:
		if msg.look == m.looks {
			return m.looked(msg), tea.Tick(m.every, func(time.Time) tea.Msg { return waitedMsg{msg.look} })
		}
	case kickedMsg:
		if m.note = failureText(msg.err); msg.err == nil {
			m = m.without(msg.id)
			m.note = "kicked " + msg.id.String()
		}
	case plannedMsg:
		if m.mode != topBanning || msg.choice != m.form.banChoice {
			break // it is about what the form said before
		}
		if m.note = failureText(msg.err); msg.err == nil {
			m.mode, m.plan = topConfirming, msg.plan
		}
	case bannedMsg:
		if m.note = failureText(msg.err); msg.err == nil {
			m.note = fmt.Sprintf("made %s, ended %s", count(1+len(msg.result.Also)+len(msg.result.Widened), "ban"), count(msg.result.EndedSessions, "live session"))
		}
		return m.lookNow()
	}
	return m, nil
}

// looked takes what the daemon answered. Where it did not, the screen keeps what
// it has.
func (m topModel) looked(msg lookedMsg) topModel {
	m.now = msg.at
	if msg.err != nil {
		if m.lost == nil {
			m.lostAt = msg.at
		}
		m.lost = msg.err
		return m
	}
	m.lost = nil
	m.status, m.list = msg.view.status, msg.view.list
	m.traffic = m.traffic.next(reading{msg.at, m.status.Relayed.Bytes}, m.status.RelayRate)
	return m.arrange()
}

// key does what a key means in the present mode.
func (m topModel) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch k.String() {
	case "ctrl+c":
		return m, tea.Quit
	case "ctrl+z":
		return m, tea.Suspend
	}
	m.note = ""
	switch m.mode {
	case topFiltering:
		return m.filterKey(k), nil
	case topKicking:
		return m.answer(k, m.kick(m.target.ID))
	case topBanning:
		return m.formKey(k)
	case topConfirming:
		return m.answer(k, m.ban(false))
	case topHelping:
		m.mode = topBrowsing
		return m, nil
	}
	return m.browse(k.String())
}

// answer does what was asked, if the key is y. Any other says no.
func (m topModel) answer(k tea.KeyPressMsg, do tea.Cmd) (tea.Model, tea.Cmd) {
	m.mode = topBrowsing
	if k.String() != "y" {
		m.note = "nothing was done"
		return m, nil
	}
	return m, do
}

func (m topModel) browse(key string) (tea.Model, tea.Cmd) {
	switch key {
	case "q":
		return m, tea.Quit
	case "?":
		m.mode = topHelping
	case "/":
		m.mode = topFiltering
	case "esc":
		m.filter = ""
		return m.arrange(), nil
	case "s":
		m.order = m.order.next()
		return m.arrange().lookNow()
	case "k":
		return m.pick(topKicking), nil
	case "b":
		return m.pick(topBanning), nil
	case "up":
		return m.move(-1), nil
	case "down":
		return m.move(1), nil
	case "pgup":
		return m.move(-m.rows()), nil
	case "pgdown":
		return m.move(m.rows()), nil
	case "home":
		return m.move(-len(m.shown)), nil
	case "end":
		return m.move(len(m.shown)), nil
	}
	return m, nil
}

// pick makes the selected session the target of what follows.
func (m topModel) pick(mode topMode) topModel {
	if len(m.shown) == 0 {
		m.note = "there is no session to pick"
		return m
	}
	m.mode, m.target, m.form = mode, m.shown[m.selected], newBanForm()
	return m
}

func (m topModel) filterKey(k tea.KeyPressMsg) topModel {
	switch k.String() {
	case "enter":
		m.mode = topBrowsing
	case "esc":
		m.mode, m.filter = topBrowsing, ""
	case "backspace":
		m.filter = withoutLast(m.filter)
	default:
		return m.typed(k.Text)
	}
	return m.arrange()
}

func (m topModel) formKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch k.String() {
	case "esc":
		m.mode, m.note = topBrowsing, "nothing was done"
	case "enter":
		return m, m.ban(true)
	default:
		m.form = m.form.key(k.String())
		return m.typed(k.Text), nil
	}
	return m, nil
}

// typed puts text where text is being typed, if anywhere: what can be seen of it,
// as far as there is room.
func (m topModel) typed(text string) topModel {
	text = strings.Map(func(r rune) rune {
		if r != ' ' && (!unicode.IsGraphic(r) || unicode.IsSpace(r)) {
			return -1
		}
		return r
	}, text)
	switch {
	case m.mode == topFiltering:
		m.filter = clip(m.filter+text, mostFilter)
		return m.arrange()
	case m.mode == topBanning && m.form.field == fieldReason:
		m.form.reason = clip(m.form.reason+text, mostReason)
	}
	return m
}

// What can be typed, in characters.
const (
	mostFilter = 40
	mostReason = 200 // as the store has it
)

// clip returns the first characters of a text.
func clip(text string, most int) string {
	for i := range text {
		if most == 0 {
			return text[:i]
		}
		most--
	}
	return text
}

func withoutLast(text string) string {
	_, size := utf8.DecodeLastRuneInString(text)
	return text[:len(text)-size]
}

// failureText is what the screen says of an error: one line, or nothing.
func failureText(err error) string {
	if err == nil {
		return ""
	}
	return harmless(oneLine(err.Error()))
}
