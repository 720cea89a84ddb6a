package check

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// maxExcerpt bounds what is shown of what a server says, in characters.
const maxExcerpt = 160

// excerpt is the start of what a server says, on one line and without what would
// move the cursor of a terminal.
func excerpt(body string) string {
	text := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, body)
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt]) + "…"
	}
	return string(runes)
}

// list names items in a sentence.
func list[T fmt.Stringer](items []T) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.String()
	}
	return strings.Join(texts, " and ")
}

// since is the time since start, for people.
func since(start time.Time) string { return round(time.Since(start)) }

func round(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}
