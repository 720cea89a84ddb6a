package admin

import (
	"strconv"
	"strings"
	"time"
)

// longest is the longest time that a ban can have, in days. Past it a permanent
// ban is what is meant.
const longest = 3650

// parseFor reads a duration as time.ParseDuration does, with days in front: 7d,
// 1d12h.
func parseFor(text string) (time.Duration, error) {
	wrong := invalid("%s is not a time that a ban can last; write one like 90m, 24h or 7d, at most %dd, or --permanent", quote(text), longest)
	var days int
	rest := text
	if before, after, found := strings.Cut(text, "d"); found {
		var err error
		if days, err = strconv.Atoi(before); err != nil || days < 0 || days > longest {
			return 0, wrong
		}
		rest = after
	}
	d := time.Duration(days) * 24 * time.Hour
	if rest != "" || days == 0 {
		more, err := time.ParseDuration(rest)
		if err != nil || more < 0 || more > longest*24*time.Hour {
			return 0, wrong
		}
		d += more
	}
	if d <= 0 || d > longest*24*time.Hour {
		return 0, wrong
	}
	return d, nil
}
