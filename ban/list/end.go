package list

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// longest is the longest time that a ban has, as for joingyd ban --for. Other
// tools say permanent with a longer one, or with the end of the year 9999.
const longest = 3650 * day

// parseEnd reads when a ban ends: a duration from now, a time, or a word for
// never. The empty text says nothing.
func parseEnd(text string, now time.Time) (until time.Time, permanent bool, why string) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "":
		return time.Time{}, false, ""
	case "never", "permanent", "infinite", "-1":
		return time.Time{}, true, ""
	}
	until, ok := parseTime(text, now)
	switch {
	case !ok:
		return until, false, fmt.Sprintf("its end %q is neither a duration nor a time; write one like 90m, 7d, %s or never", shorten(text), now.UTC().Add(day).Format(time.RFC3339))
	case !now.Before(until):
		return until, false, fmt.Sprintf("it ended at %s; delete it, or give it a later end", until.UTC().Format(time.RFC3339))
	case until.Sub(now) > longest:
		return time.Time{}, true, ""
	}
	return until.UTC(), false, ""
}

func parseTime(text string, now time.Time) (time.Time, bool) {
	if d, ok := parseDuration(text); ok {
		return now.Add(d).Round(0), true
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, true
	}
	t, err := time.ParseInLocation(time.DateTime, text, now.Location())
	return t, err == nil
}

// parseDuration reads what time.ParseDuration does, with days in front: 7d,
// 2d12h. More days than fit become many.
func parseDuration(text string) (time.Duration, bool) {
	before, rest, found := strings.Cut(text, "d")
	if !found {
		d, err := time.ParseDuration(text)
		return d, err == nil
	}
	days, err := strconv.ParseUint(before, 10, 32)
	if err != nil {
		return 0, false
	}
	d := time.Duration(min(days, 36500)) * day
	if rest == "" {
		return d, true
	}
	more, err := time.ParseDuration(rest)
	return d + more, err == nil && more >= 0 && more <= longest
}
