package pool

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

// Interest is one interest of a visitor.
type Interest struct {
	Shown  string // as its visitor wrote it
	Folded string // what is compared
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

// ParseInterests checks and folds what a visitor names, at most 10 of at most 32
// characters. Doubles are merged. An error names the place.
func ParseInterests(texts []string) ([]Interest, error) {
	if len(texts) > maxInterests {
		return nil, fmt.Errorf("interests: %d given, at most %d are allowed", len(texts), maxInterests)
	}
	interests := make([]Interest, 0, len(texts))
	for i, text := range texts {
		shown := strings.TrimSpace(text)
		if utf8.RuneCountInString(shown) > maxInterestLength { // first: folding is slow
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
			interests = append(interests, Interest{shown, folded})
		}
	}
	return interests, nil
}

func hasInterest(interests []Interest, folded string) bool {
	for _, i := range interests {
		if i.Folded == folded {
			return true
		}
	}
	return false
}

// Common returns those of mine that are also among theirs, in my spelling.
func Common(mine, theirs []Interest) []string {
	shown := []string{}
	for _, i := range mine {
		if hasInterest(theirs, i.Folded) {
			shown = append(shown, i.Shown)
		}
	}
	return shown
}
