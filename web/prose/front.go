package prose

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

const fence = "---"

var versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$`)

// readFront reads the front matter, and returns where what follows begins.
func (p *Page) readFront() (body int, err error) {
	const remedy = "; begin the file with lines --- and title: …, version: …, updated: 2026-11-28, and ---"
	line, rest, _ := bytes.Cut(p.source, []byte("\n"))
	if string(bytes.TrimRight(line, " \t")) != fence {
		return 0, &Problem{1, "has no front matter" + remedy}
	}
	var errs []error
	seen := map[string]bool{}
	for number := 2; ; number++ {
		var more bool
		line, rest, more = bytes.Cut(rest, []byte("\n"))
		text := strings.TrimSpace(string(line))
		switch {
		case text == fence:
			for _, key := range []string{"title", "version", "updated"} {
				if !seen[key] {
					errs = append(errs, &Problem{1, fmt.Sprintf("the front matter lacks %s: add it", key)})
				}
			}
			return len(p.source) - len(rest), errors.Join(errs...)
		case !more:
			return 0, &Problem{number, "the front matter does not end; write a line --- below it"}
		case text == "" || text[0] == '#':
			continue
		}
		key, value, ok := strings.Cut(text, ":")
		key = strings.TrimSpace(key)
		switch {
		case !ok:
			errs = append(errs, &Problem{number, fmt.Sprintf("%q is no line of front matter; write key: value", text)})
			continue
		case seen[key]:
			errs = append(errs, &Problem{number, fmt.Sprintf("%s is there twice; keep one", key)})
			continue
		}
		seen[key] = true
		if err := p.setFront(key, strings.TrimSpace(value)); err != nil {
			errs = append(errs, &Problem{number, err.Error()})
		}
	}
}

// setFront takes one key of the front matter.
func (p *Page) setFront(key, value string) (err error) {
	if value, err = unquote(value); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	switch key {
	case "title":
		p.Title = value
		switch {
		case value == "" || len(value) > 120:
			return errors.New("title is empty or longer than 120 bytes")
		case strings.Contains(strings.ReplaceAll(value, "{{site}}", ""), "{{"):
			return errors.New("title: the only placeholder that a title may have is {{site}}")
		}
	case "version":
		p.Version = value
		if !versionPattern.MatchString(value) {
			return fmt.Errorf("version: %q is not one; use a date or number, 1 to 20 of letters, digits, dot, dash and _", value)
		}
	case "updated":
		if p.Updated, err = time.Parse(time.DateOnly, value); err != nil {
			return fmt.Errorf("updated: %q is not a date; write one as 2026-11-28", value)
		}
	case "language":
		tag, err := language.Parse(value)
		if p.Language = value; err != nil || tag.String() != value {
			return fmt.Errorf("language: %q is not a code as in BCP 47; write for example %s", value, cmp.Or(strings.Trim(tag.String(), "und"), "de or pt-BR"))
		}
	default:
		return fmt.Errorf("%q is not known; known are title, version, updated, language", key)
	}
	return nil
}

// unquote returns the text of a YAML scalar: plain, or in quotes.
func unquote(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	inner, last := value[:len(value)-1], value[len(value)-1]
	switch quote := value[0]; {
	case quote != '"' && quote != '\'':
		plain, _, _ := strings.Cut(value, " #")
		return strings.TrimSpace(plain), nil
	case len(value) < 2 || last != quote:
		return "", errors.New("the quotes do not end; close them, or leave them out")
	case quote == '\'':
		return strings.ReplaceAll(inner[1:], "''", "'"), nil
	}
	text, err := strconv.Unquote(value)
	if err != nil {
		return "", errors.New("what is in quotes cannot be read; use single ones")
	}
	return text, nil
}
