package list

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxHeld bounds the bans of a log that are held until its end.
const maxHeld = 1 << 16

// fail2banLog reads fail2ban's log. Only its end tells which bans are still on,
// so the bans are held back until then. What a log does not tell are the ends of
// bans, and those that were lifted all at once or while fail2ban was stopped.
type fail2banLog struct {
	held map[jailed]draft
}

// jailed is what fail2ban bans: the same address again in each jail.
type jailed struct{ jail, target string }

// logLine is a line about a ban from behind the first "fail2ban" on. What a
// visitor can get into the log is behind that, in lines of other forms.
var logLine = regexp.MustCompile(`^(?:\.\w+)?\s*(?:\[\d+\])?:\s+(?:[A-Z]+\s+)?\[([^\]]+)\] (Ban|Restore Ban|Unban|Increase Ban) (\S+)(?: \(.* -> (.*)\))?$`)

func (l *fail2banLog) line(n int, message string, out *sink) error {
	match := logLine.FindStringSubmatch(strings.TrimSpace(message))
	if match == nil {
		return nil // not about a ban
	}
	key := jailed{strings.Clone(match[1]), strings.Clone(match[3])}
	if match[2] == "Unban" {
		delete(l.held, key)
		return nil
	}
	if _, known := l.held[key]; !known && len(l.held) == maxHeld {
		return out.refuse(n, key.target, fmt.Sprintf("more than %d bans are on; import what fail2ban-client get JAIL banip --with-time prints", maxHeld))
	}
	if l.held == nil {
		l.held = map[jailed]draft{}
	}
	l.held[key] = draft{line: n, target: key.target, end: strings.Clone(match[4]), source: key.jail}
	return nil
}

// end yields the bans that are still on, in the order of the log.
func (l *fail2banLog) end(out *sink) error {
	var on []draft
	for _, d := range l.held {
		on = append(on, d)
	}
	slices.SortFunc(on, func(a, b draft) int { return cmp.Compare(a.line, b.line) })
	for _, d := range on {
		if err := out.add(d); err != nil {
			return err
		}
	}
	return nil
}
