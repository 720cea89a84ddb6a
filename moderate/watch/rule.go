package watch

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Action is what a rule wants done.
type Action string

// The actions, in the order in which they are done.
const (
	Blur  Action = "blur"  // hide the picture from who sees it, until they want to see it
	Warn  Action = "warn"  // tell who is on it
	End   Action = "end"   // end the chat
	Queue Action = "queue" // have a person judge it
	Ban   Action = "ban"   // for a time
)

// Actions lists every action.
func Actions() []Action { return []Action{Blur, Warn, End, Queue, Ban} }

// Known is the label of an image that is on the list of known ones.
const Known = "known"

// Rule says what to do about a label.
type Rule struct {
	Label string
	Score float64 // at least; of Known, 0
	Do    []Action
}

// String returns what ParseRule reads.
func (r Rule) String() string {
	text := r.Label
	if r.Label != Known {
		text += ">=" + strconv.FormatFloat(r.Score, 'g', -1, 64)
	}
	do := make([]string, len(r.Do))
	for i, action := range r.Do {
		do[i] = string(action)
	}
	return text + ": " + strings.Join(do, " ")
}

// Has reports whether the rule wants an action.
func (r Rule) Has(action Action) bool { return slices.Contains(r.Do, action) }

var ruleForm = regexp.MustCompile(`^([a-z0-9_-]{1,64})(?:>=([0-9.]+))?: *([a-z]+(?: +[a-z]+)*)$`)

// ParseRule reads a rule: "porn>=0.85: blur queue", or "known: end queue".
func ParseRule(text string) (r Rule, err error) {
	m := ruleForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return r, fmt.Errorf(`%q is no rule; write one like "porn>=0.85: blur queue" or "known: end queue"`, text)
	}
	r.Label = m[1]
	switch score, err := strconv.ParseFloat(m[2], 64); {
	case r.Label == Known && m[2] != "":
		return r, fmt.Errorf("%q: an image is known or not; leave out the score", text)
	case r.Label == Known:
	case err != nil || score <= 0 || score > 1:
		return r, fmt.Errorf("%q: the score of a label must be more than 0 and at most 1, such as %s>=0.85", text, r.Label)
	default:
		r.Score = score
	}
	for name := range strings.FieldsSeq(m[3]) {
		action := Action(name)
		if !slices.Contains(Actions(), action) {
			return r, fmt.Errorf("%q: %q is none of %v", text, action, Actions())
		}
		if !slices.Contains(r.Do, action) {
			r.Do = append(r.Do, action)
		}
	}
	return r, nil
}

// ParseRules reads rules. Of several that apply the one counts that wants the most.
func ParseRules(texts []string) (rules []Rule, err error) {
	for _, text := range texts {
		r, err := ParseRule(text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// leavesDevice reports whether a viewer's browser that looks at stills itself has to post
// the one that an action is wanted for. What it can do alone is hide the picture.
func leavesDevice(a Action) bool { return a != Blur }

// Claimable returns what such a browser has to know of the rules, for the labels that its
// classifier tells apart: the scores from which it hides a picture, and those from which
// it posts the still.
func Claimable(rules []Rule, labels []string) (hide, post map[string]float64) {
	hide, post = make(map[string]float64), make(map[string]float64)
	lower := func(least map[string]float64, r Rule) {
		if score, set := least[r.Label]; !set || r.Score < score {
			least[r.Label] = r.Score
		}
	}
	for _, r := range rules {
		if r.Label == Known || !slices.Contains(labels, r.Label) {
			continue
		}
		if r.Has(Blur) {
			lower(hide, r)
		}
		if slices.ContainsFunc(r.Do, leavesDevice) {
			lower(post, r)
		}
	}
	return hide, post
}

// Labels lists the labels that rules are about, each once.
func Labels(rules []Rule) (labels []string) {
	for _, r := range rules {
		if !slices.Contains(labels, r.Label) {
			labels = append(labels, r.Label)
		}
	}
	return labels
}

// choose returns what all rules want that apply to labels, and the rule that wants the
// most, nil if none applies.
func choose(rules []Rule, labels map[string]float64) (rule *Rule, do []Action) {
	for i := range rules {
		r := &rules[i]
		score, known := labels[r.Label]
		if !known || score < r.Score {
			continue
		}
		if rule == nil || len(r.Do) > len(rule.Do) {
			rule = r
		}
		for _, action := range r.Do {
			if !slices.Contains(do, action) {
				do = append(do, action)
			}
		}
	}
	slices.SortFunc(do, func(a, b Action) int { return slices.Index(Actions(), a) - slices.Index(Actions(), b) })
	return rule, do
}
