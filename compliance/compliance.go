// Package compliance has the texts of the compliance pack: checklists of what laws want of
// who runs a random-chat site, a template of a risk assessment, and a page that says what
// all of it is. What is so of one site its caller adds.
//
// A checklist is a Markdown file with one table, a duty a row. What shows a duty is in
// backquotes: a command of joingyd, a key of its configuration, or a page of the site. A
// test of the program checks that all of them exist.
package compliance

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed text
var files embed.FS

// The files of the pack that are texts.
const (
	Readme         = "readme.md"
	RiskAssessment = "risk-assessment.md"
)

// Laws lists the checklists, by the name of their law.
func Laws() []string { return []string{"osa", "dsa", "gdpr", "ccpa"} }

// Duty is one row of a checklist.
type Duty struct {
	Law      string   `json:"law"`
	Duty     string   `json:"duty"`
	Source   string   `json:"source"`   // section or article
	Software string   `json:"software"` // what it does for that
	Shown    []string `json:"shown"`    // by which commands, settings and pages
	Remains  string   `json:"remains"`  // with the operator
}

// Text returns a file of the pack.
func Text(name string) (string, error) {
	text, err := files.ReadFile("text/" + name)
	return string(text), err
}

var quoted = regexp.MustCompile("`([^`]+)`")

// Mentions lists what a text has in backquotes.
func Mentions(text string) (list []string) {
	for _, found := range quoted.FindAllStringSubmatch(text, -1) {
		list = append(list, found[1])
	}
	return list
}

const columns = 5

// Duties returns the rows of a law's checklist.
func Duties(law string) (list []Duty, err error) {
	text, err := Text(law + ".md")
	if err != nil {
		return nil, err
	}
	head := 2 // lines of the table
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			continue
		}
		if head > 0 {
			head--
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != columns {
			return nil, fmt.Errorf("compliance: %s: %d cells and not %d: %s", law, len(cells), columns, line)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		list = append(list, Duty{Law: law, Duty: cells[0], Source: cells[1], Software: cells[2], Shown: Mentions(cells[3]), Remains: cells[4]})
	}
	return list, nil
}
