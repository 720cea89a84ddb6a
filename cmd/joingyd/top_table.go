package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/admin"
)

// topColumn is a column of the list.
type topColumn struct {
	title string
	width int // in characters; more is cut
	rank  int // the lower, the narrower a screen still has it
	right bool
	text  func(s admin.Session, now time.Time) string
}

// How much of a session's identity is shown: on a narrow screen enough to tell it
// from the others, else all of it, which commands take.
const (
	shortID = 8
	wholeID = 26
)

// columnGap is between two columns, and the room for the mark before the first.
const columnGap = 2

var topColumns = []topColumn{
	{"SESSION", shortID, 0, false, func(s admin.Session, _ time.Time) string { return s.ID.String() }},
	{"", wholeID - shortID - columnGap, 8, false, nil}, // no column, but the rest of the identities
	{"STATE", 8, 1, false, func(s admin.Session, _ time.Time) string { return string(s.State) }},
	{"MODE", 5, 4, false, func(s admin.Session, _ time.Time) string { return modeText(s) }},
	{"AGE", 4, 5, true, func(s admin.Session, now time.Time) string { return about(now.Sub(s.Since)) }},
	{"FOR", 4, 2, true, func(s admin.Session, now time.Time) string { return about(now.Sub(s.StateSince)) }},
	{"NETWORK", 19, 3, false, func(s admin.Session, _ time.Time) string { return s.Network.String() }},
	{"REPORTS", 7, 6, true, func(s admin.Session, _ time.Time) string { return fmt.Sprint(s.Reports) }},
	{"TRAFFIC", 8, 7, true, func(s admin.Session, _ time.Time) string { return bytesText(relayed(s)) }},
	{"SENT", 8, 9, true, func(s admin.Session, _ time.Time) string { return bytesText(s.Sent.Bytes) }},
	{"RECEIVED", 8, 10, true, func(s admin.Session, _ time.Time) string { return bytesText(s.Received.Bytes) }},
	{"RELAYS", 6, 11, true, func(s admin.Session, _ time.Time) string { return fmt.Sprint(s.Allocations) }},
	{"ADDRESSES", 9, 12, true, func(s admin.Session, _ time.Time) string { return fmt.Sprint(s.Addresses) }},
}

// columnsFor returns the columns that a screen has room for.
func columnsFor(width int) (columns []topColumn) {
	byRank := slices.SortedFunc(slices.Values(topColumns), func(a, b topColumn) int { return a.rank - b.rank })
	most := 0
	for left := width; most < len(byRank); most++ {
		if left -= columnGap + byRank[most].width; left < 0 {
			break
		}
	}
	for _, c := range topColumns {
		switch {
		case c.rank >= most:
		case c.title == "":
			columns[0].width = wholeID
		default:
			columns = append(columns, c)
		}
	}
	return columns
}

// topRow puts texts into columns.
func topRow(mark string, columns []topColumn, text func(topColumn) string) string {
	var line strings.Builder
	for i, c := range columns {
		gap := strings.Repeat(" ", columnGap)
		if i == 0 {
			gap = mark + gap[1:]
		}
		format := "%s%-*s"
		if c.right {
			format = "%s%*s"
		}
		fmt.Fprintf(&line, format, gap, c.width, clip(harmless(text(c)), c.width))
	}
	return line.String()
}

// table draws the sessions around the selected one, and the head over them.
func (m topModel) table(rows int) []string {
	columns := columnsFor(m.width)
	lines := []string{bold.on(topRow(" ", columns, func(c topColumn) string { return c.title }))}
	first := max(0, min(m.selected-rows/2, len(m.shown)-rows))
	for i := first; i < min(first+rows, len(m.shown)); i++ {
		s, mark := m.shown[i], " "
		look := sessionStyle(s)
		if i == m.selected {
			mark, look = ">", reversed
		}
		lines = append(lines, look.on(topRow(mark, columns, func(c topColumn) string { return c.text(s, m.now) })))
	}
	if len(m.shown) == 0 {
		lines = append(lines, "  no sessions")
	}
	return lines
}

// sessionStyle makes the reported ones stand out, and those who are away recede.
func sessionStyle(s admin.Session) style {
	switch {
	case s.Reports > 0:
		return yellow
	case s.State == admin.SessionChatting:
		return green
	case s.State == admin.SessionAway:
		return faint
	}
	return plain
}
