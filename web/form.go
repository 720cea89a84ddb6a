package web

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is one of a form's, as a visitor sees it. The texts are keys of a language file.
type field struct {
	Name     string
	Label    string
	Hint     string
	Most     int // characters; 0: a box to tick
	Rows     int // 0: one line
	Needed   bool
	Complete string // autocomplete (HTML section 4.10.18.7); empty: off
	Choices  []choice
}

// choice is one of a field of which one is to be chosen.
type choice struct{ Value, Label string }

// Fields of the forms. Each is bounded, so that all of a form fits into maxForm.
var (
	appealFields = []field{
		{Name: "words", Label: "appeal.words", Hint: "appeal.words.hint", Most: 2000, Rows: 8, Needed: true},
		{Name: "reference", Label: "appeal.reference", Hint: "appeal.reference.hint", Most: 64},
	}
	guardianFields = []field{
		{Name: "words", Label: "guardian.words", Hint: "guardian.words.hint", Most: 2000, Rows: 8, Needed: true},
		{Name: "when", Label: "guardian.when", Hint: "guardian.when.hint", Most: 200, Needed: true},
		{Name: "here", Label: "guardian.here", Hint: "guardian.here.hint"},
		{Name: "reference", Label: "guardian.reference", Hint: "guardian.reference.hint", Most: 64},
		{Name: "contact", Label: "guardian.contact", Hint: "guardian.contact.hint", Most: 200, Needed: true, Complete: "email"},
	}
	dataFields = []field{
		{Name: "ask", Label: "data.ask", Hint: "data.ask.hint", Most: 16, Needed: true, Choices: []choice{{"see", "data.ask.see"}, {"delete", "data.ask.delete"}}},
		{Name: "visit", Label: "data.visit", Hint: "data.visit.hint", Most: 100},
		{Name: "contact", Label: "data.contact", Hint: "data.contact.hint", Most: 200, Complete: "email"},
	}
	receiptFields = []field{{Name: "receipt", Label: "receipt.code", Hint: "receipt.code.hint", Most: 64, Needed: true}}
)

// maxForm is the longest body of a form in bytes: 2,500 characters of four bytes, of
// which URL-encoding makes twelve.
const maxForm = 32 << 10

var (
	errFormType = errors.New("a form is application/x-www-form-urlencoded")
	errFormBody = errors.New("the body is no form, or too long")
)

// readForm reads what a browser posts of a form without files. Of a name that stands
// several times the first value counts.
func readForm(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errFormType
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, errFormBody
	}
	values := make(map[string]string)
	for name, all := range r.PostForm {
		values[name] = strings.TrimSpace(strings.ReplaceAll(all[0], "\r\n", "\n"))
	}
	return values, nil
}

// check returns what is wrong with the values of the fields, by name, as keys of a
// language file.
func check(fields []field, values map[string]string) map[string]string {
	problems := make(map[string]string)
	for _, f := range fields {
		value := values[f.Name]
		switch {
		case f.Most == 0:
		case !utf8.ValidString(value) || strings.ContainsFunc(value, func(c rune) bool { return unicode.IsControl(c) && (f.Rows == 0 || c != '\n' && c != '\t') }):
			problems[f.Name] = "form.unreadable"
		case len(f.Choices) > 0 && !slices.ContainsFunc(f.Choices, func(c choice) bool { return c.Value == value }), f.Needed && value == "":
			problems[f.Name] = "form.missing"
		case utf8.RuneCountInString(value) > f.Most:
			problems[f.Name] = "form.long"
		}
	}
	return problems
}

// input is a field with what is in it, in a page's language.
type input struct {
	field
	Box      bool
	Label    string
	Hint     string
	Optional string
	Value    string
	Problem  string // empty: none
	Choices  []choice
}

// Input returns a field of the page's form as the template shows it.
func (d pageData) Input(f field) (in input, err error) {
	in = input{field: f, Box: f.Most == 0, Value: strings.ToValidUTF8(d.Form.Values[f.Name], "\uFFFD")}
	for _, text := range []struct {
		key  string
		into *string
	}{{f.Label, &in.Label}, {f.Hint, &in.Hint}, {"form.optional", &in.Optional}, {d.Form.Problems[f.Name], &in.Problem}} {
		if text.key == "" {
			continue
		}
		if *text.into, err = d.T(text.key); err != nil {
			return in, err
		}
	}
	for _, c := range f.Choices {
		text, err := d.T(c.Label)
		if err != nil {
			return in, err
		}
		in.Choices = append(in.Choices, choice{c.Value, text})
	}
	return in, nil
}
