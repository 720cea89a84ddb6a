package match

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxInterests      = 10
	maxInterestLength = 32 // characters
)

// interest is one interest of a visitor.
type interest struct {
	shown  string // as its visitor wrote it
	folded string // what is compared
}

// fold brings spellings of one interest together: width and compatibility forms
// (NFKC), case, and spaces. One form can bring forth another (the spacing iota
// below a combining one, and that one a letter), so it goes on until nothing
// changes.
func fold(text string) string {
	const rounds = 4 // two have always been enough
	text = strings.ToValidUTF8(text, "\ufffd")
	for range rounds {
		folded := foldOnce(text)
		if folded == text {
			break
		}
		text = folded
	}
	return text
}

// foldOnce lower-cases after the case folding: x/text folds the two cases of
// Cherokee into each other.
func foldOnce(text string) string {
	folded := strings.ToLower(cases.Fold().String(norm.NFKC.String(text)))
	return strings.Join(strings.Fields(norm.NFKC.String(folded)), " ")
}

// parseInterests checks and folds what a find names. Doubles are merged.
func parseInterests(texts []string) ([]interest, error) {
	if len(texts) > maxInterests {
		return nil, fmt.Errorf("interests: %d given, at most %d are allowed", len(texts), maxInterests)
	}
	interests := make([]interest, 0, len(texts))
	for i, text := range texts {
		shown := strings.TrimSpace(text)
		if utf8.RuneCountInString(shown) > maxInterestLength { // first: folding is slow, and the hub's lock is held
			return nil, fmt.Errorf("interests[%d]: longer than %d characters", i, maxInterestLength)
		}
		folded := fold(shown)
		switch {
		case strings.ContainsFunc(shown, unicode.IsControl):
			return nil, fmt.Errorf("interests[%d]: contains a control character", i)
		case folded == "":
			return nil, fmt.Errorf("interests[%d]: is empty", i)
		}
		if !hasInterest(interests, folded) {
			interests = append(interests, interest{shown, folded})
		}
	}
	return interests, nil
}

func hasInterest(interests []interest, folded string) bool {
	for _, i := range interests {
		if i.folded == folded {
			return true
		}
	}
	return false
}

// common returns those of mine that are also among theirs, in my spelling.
func common(mine, theirs []interest) []string {
	shown := []string{}
	for _, i := range mine {
		if hasInterest(theirs, i.folded) {
			shown = append(shown, i.shown)
		}
	}
	return shown
}
