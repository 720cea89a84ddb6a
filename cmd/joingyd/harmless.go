package main

import (
	"strings"
	"unicode"
)

// harmless makes a text that somebody else wrote safe for a terminal, and one
// line: what would move the cursor, change colours or turn the line around is
// shown as a replacement character.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
