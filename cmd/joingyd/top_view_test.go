package main

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
)

var updateGolden = flag.Bool("update", false, "write the screens of testdata/top anew")

var topNoon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// topSession is a session that is the same at each run of the tests.
func topSession(n int) admin.Session {
	states := []admin.SessionState{admin.SessionChatting, admin.SessionWaiting, admin.SessionIdle, admin.SessionAway}
	s := admin.Session{
		State: states[n%4], Since: topNoon.Add(-time.Duration(n*n) * time.Minute), StateSince: topNoon.Add(-time.Duration(n) * time.Second),
		Network: netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, byte(n), 0}), 24), Addresses: 1 + n%2, Reports: max(0, n%5-3), Allocations: n % 3,
		Sent:     admin.Traffic{Packets: uint64(n), Bytes: uint64(n * n * n * 1000)},
		Received: admin.Traffic{Packets: uint64(n), Bytes: uint64(n * 77)},
	}
	for i := range s.ID {
		s.ID[i] = byte((n + 1) * (i + 3) * 41)
	}
	if s.State == admin.SessionChatting || s.State == admin.SessionWaiting {
		s.Mode = []string{"video", "text"}[n%3/2]
	}
	if n%6 == 5 {
		s.Network = netip.MustParsePrefix("2001:db8:1234::/48")
	}
	return s
}

// topOf is a screen of so many sessions, after a minute.
func topOf(sessions, width, height int) topModel {
	m := newTopModel(daemonLink{}, time.Second)
	m.width, m.height = width, height
	view := topView{status: admin.Status{
		Version: "1.2.3", Started: topNoon.Add(-72 * time.Hour), Bans: 42,
		LiveStatus: admin.LiveStatus{Online: sessions, Pairs: 3, VideoPairs: 2, Waiting: 1, Allocations: 8},
	}}
	for n := range sessions {
		view.list.Sessions = append(view.list.Sessions, topSession(n))
	}
	view.list.Total = sessions
	for i := range mostRates {
		view.status.Relayed.Bytes += uint64(i%20) * 100_000
		m = m.looked(lookedMsg{at: topNoon.Add(time.Duration(i-mostRates+1) * time.Second), view: view})
	}
	return m
}

// press types keys, by their names, or one character of text each.
func press(m topModel, keys ...string) (topModel, tea.Cmd) {
	var cmd tea.Cmd
	for _, name := range keys {
		var next tea.Model
		next, cmd = m.Update(keyPress(name))
		m = next.(topModel)
	}
	return m, cmd
}

var keyCodes = map[string]rune{
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"home": tea.KeyHome, "end": tea.KeyEnd, "tab": tea.KeyTab, "enter": tea.KeyEnter, "esc": tea.KeyEscape, "backspace": tea.KeyBackspace,
}

func keyPress(name string) tea.KeyPressMsg {
	if code, ok := keyCodes[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if name == "shift+tab" {
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	}
	if letter, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(letter[0]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func pressed(m topModel, keys ...string) topModel {
	m, _ = press(m, keys...)
	return m
}

// topScreens are screens to look at: testdata/top has each as text.
func topScreens() map[string]topModel {
	screens := map[string]topModel{
		"list":       topOf(40, 80, 24),
		"wide":       topOf(40, 200, 24),
		"narrow":     topOf(40, 40, 12),
		"tiny":       topOf(40, 16, 5),
		"empty":      topOf(0, 80, 24),
		"scrolled":   pressed(topOf(40, 80, 24), "end", "up", "up"),
		"by-reports": pressed(topOf(12, 80, 24), "s", "s"),
		"filtering":  pressed(topOf(40, 80, 24), "/", "w", "a", "i", "t"),
		"filtered":   pressed(topOf(40, 80, 24), "/", "v", "i", "d", "e", "o", "enter"),
		"help":       pressed(topOf(40, 80, 24), "?"),
		"kick":       pressed(topOf(40, 80, 24), "down", "k"),
		"ban":        pressed(topOf(40, 80, 24), "b", "right", "tab", "s", "p", "a", "m"),
		"ban-shared": pressed(topOf(40, 80, 24), "b", "up", "right"),
		"ban-narrow": pressed(topOf(40, 40, 12), "b"),
		"first":      {width: 80, height: 8, link: daemonLink{}},
	}
	m := screens["ban"]
	next, _ := m.Update(plannedMsg{choice: m.form.banChoice, plan: admin.BanResult{
		Ban: ban.Ban{Scope: ban.ScopeAll, Reason: "spam\x1b[2J", Until: topNoon.Add(7 * 24 * time.Hour)}, EndedSessions: 3, DryRun: true,
		Also:        []ban.Ban{{Scope: ban.ScopeAll, Kind: ban.KindNet64, Until: topNoon.Add(7 * 24 * time.Hour)}},
		KnownShared: []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10")},
	}})
	screens["plan"] = next.(topModel)

	m = topOf(3, 80, 16)
	m.status.Draining = true
	m.status.Month.ClosedUntil = topNoon.AddDate(0, 0, 1)
	m.status.Warnings = []admin.Warning{
		{At: topNoon.Add(-time.Hour), Text: "old", Times: 1},
		{At: topNoon.Add(-40 * time.Second), Text: "store unwritable (error: no space\x1b[2J left\nhere)", Times: 3},
	}
	m.note = failureText(errors.New("203.0.113.7 is this machine's own address (behind a proxy, that of every visitor); if you mean it, add --force\x1b]0;evil\a"))
	screens["warned"] = m

	m = topOf(3, 80, 16)
	m = m.looked(lookedMsg{at: topNoon.Add(time.Second), err: errors.New("no joingyd answers on var/admin.sock; start it with joingyd serve, or name its socket with --socket (admin.sock in its data directory)")})
	screens["lost"] = m.looked(lookedMsg{at: topNoon.Add(13 * time.Second), err: m.lost})
	return screens
}

func TestTopScreens(t *testing.T) {
	for name, m := range topScreens() {
		t.Run(name, func(t *testing.T) {
			var got string
			for _, line := range m.screen() {
				got += strings.TrimRight(ansi.Strip(line), " ") + "\n"
			}
			file := filepath.Join("testdata", "top", name+".golden")
			if *updateGolden {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) { // but for spaces at the ends of lines
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// However small the terminal is, nothing leaves it, and what is drawn is harmless.
func TestTopFitsEveryScreen(t *testing.T) {
	for name, m := range topScreens() {
		for _, m.width = range []int{0, 1, 2, 3, 7, 10, 16, 20, 33, 40, 60, 79, 80, 81, 100, 120, 200, 500} {
			for _, m.height = range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 40} {
				lines := m.screen()
				if len(lines) > m.height {
					t.Fatalf("%s: %d lines on %dx%d", name, len(lines), m.width, m.height)
				}
				for _, line := range lines {
					if width := ansi.StringWidth(line); width > m.width {
						t.Fatalf("%s: %d characters on %dx%d: %q", name, width, m.width, m.height, line)
					}
					if left := strings.Trim(ansi.Strip(withoutStyles(line)), "\ufffd"); strings.ContainsFunc(left, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.Contains(withoutStyles(line), "\x1b") {
						t.Fatalf("%s: %q on %dx%d", name, line, m.width, m.height)
					}
				}
			}
		}
	}
}

// withoutStyles takes away the sequences that the screen itself writes.
func withoutStyles(line string) string {
	for _, s := range []style{bold, faint, reversed, red, green, yellow, "\x1b[m"} {
		line = strings.ReplaceAll(line, string(s), "")
	}
	return line
}

// The marked session is the one that keys are about, wherever the list is.
func TestTopShowsTheSelectedSession(t *testing.T) {
	for _, height := range []int{5, 8, 12, 24, 100} {
		m := topOf(40, 80, height)
		for n := range m.shown {
			var marked []string
			for _, line := range m.screen() {
				if strings.Contains(line, ">") {
					marked = append(marked, line)
				}
			}
			want := string(reversed) + "> " + m.shown[n].ID.String()[:shortID] + " "
			if len(marked) != 1 || !strings.HasPrefix(marked[0], want) {
				t.Fatalf("height %d: number %d is marked as %q, want %q…", height, n, marked, want)
			}
			m = pressed(m, "down")
		}
	}
}

func TestTopColumns(t *testing.T) {
	titles := func(width int) (list []string) {
		for _, c := range columnsFor(width) {
			list = append(list, fmt.Sprintf("%s %d", c.title, c.width))
		}
		return list
	}
	for width, want := range map[int]string{
		9:   "",
		10:  "SESSION 8",
		26:  "SESSION 8,STATE 8,FOR 4",
		96:  "SESSION 8,STATE 8,MODE 5,AGE 4,FOR 4,NETWORK 19,REPORTS 7,TRAFFIC 8",
		97:  "SESSION 26,STATE 8,MODE 5,AGE 4,FOR 4,NETWORK 19,REPORTS 7,TRAFFIC 8",
		107: "SESSION 26,STATE 8,MODE 5,AGE 4,FOR 4,NETWORK 19,REPORTS 7,TRAFFIC 8,SENT 8",
		80:  "SESSION 8,STATE 8,MODE 5,AGE 4,FOR 4,NETWORK 19,REPORTS 7,TRAFFIC 8",
		200: "SESSION 26,STATE 8,MODE 5,AGE 4,FOR 4,NETWORK 19,REPORTS 7,TRAFFIC 8,SENT 8,RECEIVED 8,RELAYS 6,ADDRESSES 9",
	} {
		if got := strings.Join(titles(width), ","); got != want {
			t.Errorf("%d characters have room for %s, want %s", width, got, want)
		}
	}
	var ranks []int
	for _, c := range topColumns {
		ranks = append(ranks, c.rank)
	}
	slices.Sort(ranks)
	for i, rank := range ranks {
		if rank != i {
			t.Fatalf("ranks %v, want each once", ranks)
		}
	}
}

func TestSpark(t *testing.T) {
	for _, tt := range []struct {
		values []uint64
		width  int
		want   string
	}{
		{nil, 10, ""},
		{[]uint64{0, 0}, 10, "▁▁"},
		{[]uint64{0, 1, 2, 3, 4, 5, 6, 7}, 10, "▁▂▃▄▅▆▇█"},
		{[]uint64{1 << 63, 1<<64 - 1, 0}, 10, "▅█▁"},
		{[]uint64{9, 9, 0, 7}, 2, "▁█"},
		{[]uint64{1, 2}, 0, ""},
		{[]uint64{1, 2}, -5, ""},
	} {
		if got := spark(tt.values, tt.width); got != tt.want {
			t.Errorf("spark(%v, %d) = %q, want %q", tt.values, tt.width, got, tt.want)
		}
	}
}

func TestTraffic(t *testing.T) {
	var all traffic
	for i, look := range []struct {
		seconds, n, said, want uint64
	}{
		{0, 5000, 70, 70}, // what was before is not known
		{1, 5100, 70, 100},
		{3, 5300, 70, 100},
		{4, 5300, 70, 0},
		{5, 40, 8, 8}, // another daemon
		{6, 45, 8, 5},
		{6, 45, 8, 8}, // no time has passed
	} {
		all = all.next(reading{topNoon.Add(time.Duration(look.seconds) * time.Second), look.n}, look.said)
		if got := all.rate(); got != look.want {
			t.Errorf("look %d: %d a second, want %d", i, got, look.want)
		}
	}
	before := all
	for range 100 {
		all = all.next(reading{}, 1)
	}
	if len(all.rates) != mostRates || len(before.rates) != 7 || before.rate() != 8 {
		t.Errorf("%d looks are remembered, want %d, and those before untouched: %v", len(all.rates), mostRates, before.rates)
	}
}

func TestTopOrders(t *testing.T) {
	id := func(n byte) ident.Session { return ident.Session{n} }
	at := func(seconds int) time.Time { return topNoon.Add(time.Duration(seconds) * time.Second) }
	sessions := []admin.Session{
		{ID: id(1), State: admin.SessionAway, Since: at(1), StateSince: at(9)},
		{ID: id(2), State: admin.SessionIdle, Since: at(2), StateSince: at(8), Reports: 1},
		{ID: id(3), State: admin.SessionChatting, Since: at(3), StateSince: at(7), Sent: admin.Traffic{Bytes: 5}},
		{ID: id(4), State: admin.SessionWaiting, Since: at(4), StateSince: at(6), Reports: 3},
		{ID: id(5), State: admin.SessionChatting, Since: at(5), StateSince: at(5), Received: admin.Traffic{Bytes: 6}},
		{ID: id(6), State: admin.SessionIdle, Since: at(5), StateSince: at(8)},
	}
	for order, want := range map[topOrder][]byte{
		byState:   {5, 3, 4, 2, 6, 1},
		byAge:     {1, 2, 3, 4, 5, 6},
		byReports: {4, 2, 1, 3, 5, 6},
		byTraffic: {5, 3, 1, 2, 4, 6},
	} {
		for range 20 {
			slices.Reverse(sessions)
			sorted := slices.SortedFunc(slices.Values(sessions), order.compare)
			var got []byte
			for _, s := range sorted {
				got = append(got, s.ID[0])
			}
			if !slices.Equal(got, want) {
				t.Errorf("by %s: %v, want %v", order, got, want)
			}
		}
	}
	if order := byState.next().next().next().next(); order != byState {
		t.Errorf("after all orders comes %s", order)
	}
}
