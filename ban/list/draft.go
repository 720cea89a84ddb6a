package list

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/joingyd/joingyd/ban"
)

// draft is what a list says of one ban, before anything of it is checked.
type draft struct {
	line      int
	target    string
	scope     string // ours, or CrowdSec's: ip, range, Country …
	kind      string // CrowdSec's type: ban, captcha …
	end       string // as parseEnd reads it
	simulated string // true: CrowdSec would not have banned
	reason    string // for the visitor
	source    string // for the admin
	origin    string // for the admin: who told the source
}

// item returns what d asks for, without the target, or why it cannot be had.
func (d *draft) item(now time.Time) (item Item, why string) {
	item = Item{Line: d.line}
	if item.Scope, why = scopeOf(d.scope); why != "" {
		return item, why
	}
	if d.kind != "" && !strings.EqualFold(d.kind, "ban") {
		return item, fmt.Sprintf("its type is %q, and only ban can be imported; change the type, or delete the line", shorten(d.kind))
	}
	if strings.EqualFold(d.simulated, "true") {
		return item, "it is simulated: CrowdSec would not keep it out; leave simulation out with cscli decisions list --no-simu"
	}
	if item.Until, item.Permanent, why = parseEnd(d.end, now); why != "" {
		return item, why
	}
	if item.Reason, why = checkText("reason", d.reason); why != "" {
		return item, why
	}
	if n := utf8.RuneCountInString(item.Reason); n > ban.MaxReason {
		return item, fmt.Sprintf("its reason has %d characters; shorten it to %d", n, ban.MaxReason)
	}
	source, origin := d.source, d.origin
	if source == "" {
		source, origin = origin, ""
	}
	if item.Source, why = checkText("comment", source); why != "" {
		return item, why
	}
	if origin, why = checkText("origin", origin); why == "" && origin != "" {
		item.Source += " (" + origin + ")"
	}
	item.Source = cut(item.Source, maxSource)
	return item, why
}

// scopeOf returns the scope that text names, if it is one of ours.
func scopeOf(text string) (scope ban.Scope, why string) {
	name := strings.ToLower(strings.TrimSpace(text))
	switch scope = ban.Scope(name); {
	case name == "", name == "ip", name == "range":
		return "", ""
	case slices.Contains(ban.Scopes(), scope):
		return scope, ""
	default:
		return "", fmt.Sprintf("its scope is %q, and only addresses can be banned; leave out what is not of the scope ip or range (or all, video, relay)", shorten(text))
	}
}

// maxSource is the longest Item.Source, in characters.
const maxSource = 200

// checkText returns text as it may be stored: trimmed, tabs as spaces, and not
// a part of a longer string.
func checkText(name, text string) (clean, why string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\t", " "))
	if !utf8.ValidString(text) {
		return "", fmt.Sprintf("its %s is not UTF-8; convert the list, with iconv for example", name)
	}
	if i := strings.IndexFunc(text, isControl); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		return "", fmt.Sprintf("its %s contains the control character %U; delete that", name, r)
	}
	return strings.Clone(text), ""
}

// isControl reports the characters that package ban stores in no text: those
// that break a line, a terminal or a table, or change the direction of text.
func isControl(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// shorten makes any text short, and safe to print.
func shorten(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 1000)], "\ufffd")
	return cut(strings.Map(func(r rune) rune {
		if isControl(r) {
			return '\ufffd'
		}
		return r
	}, strings.TrimSpace(strings.ReplaceAll(text, "\t", " "))), 60)
}

// cut returns text with at most limit characters, the last of them … if it had
// more.
func cut(text string, limit int) string {
	n := 0
	for i := range text {
		if n++; n == limit && utf8.RuneCountInString(text[i:]) > 1 {
			return text[:i] + "…"
		}
	}
	return text
}
