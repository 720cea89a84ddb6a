package pool

import (
	"fmt"
	"slices"

	"golang.org/x/text/language"
)

// maxLanguages bounds the gates that one ticket stands in.
const maxLanguages = 5

// ParseLanguages reduces BCP 47 tags, the favourite first, to the languages that people
// speak: regions, scripts and variants do not keep anybody apart. The first five
// languages count. An error names the place.
func ParseLanguages(tags []string) (languages []string, err error) {
	for i, text := range tags {
		tag, err := language.Parse(text)
		if _, unknown := err.(language.ValueError); err != nil && !unknown {
			return nil, fmt.Errorf("languages[%d]: is not a BCP 47 tag, such as \"en\" or \"pt-BR\"", i)
		}
		base, confidence := tag.Base()
		if confidence < language.High || len(languages) == maxLanguages {
			continue
		}
		if name := base.String(); !slices.Contains(languages, name) {
			languages = append(languages, name)
		}
	}
	return languages, nil
}
