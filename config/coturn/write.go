package coturn

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/joingyd/joingyd/config"
)

// always are the keys that are written though they may be as by default: what the
// relay is.
var always = map[string]bool{"turn.relay": true, "turn.listen": true, "turn.relay_ports": true}

// Write writes the configuration with a comment on every line of the file that was
// read: at its key, or at the end.
func (t Translation) Write(w io.Writer, name string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made of %s by joingyd config import-coturn.\n", printable(name))
	b.WriteString("# Put its keys into the file that the service reads, beside data_dir and admin.socket there.\n")
	b.WriteString("# What coturn does not limit is limited here: see turn.bandwidth_per_allocation and the limits in docs/relay.md.\n")
	section := ""
	defaults := config.Default()
	written := make(map[string]bool)
	for _, f := range config.Fields() {
		value := f.Value(t.Config)
		if t.leftOut[f.Key] || !always[f.Key] && reflect.DeepEqual(value, f.Value(defaults)) {
			continue
		}
		written[f.Key] = true
		head, key, _ := strings.Cut(f.Key, ".")
		if head != section {
			section = head
			fmt.Fprintf(&b, "\n%s:\n", head)
		}
		for _, note := range t.Notes {
			if note.Key == f.Key {
				fmt.Fprintf(&b, "  # %s\n", note)
			}
		}
		fmt.Fprintf(&b, "  %s: %s\n", key, config.FormatValue(value))
	}
	first := true
	for _, note := range t.Notes {
		if written[note.Key] {
			continue
		}
		if first {
			b.WriteString("\n# The other lines:\n")
			first = false
		}
		if note.Fate == Taken && note.Why == "" {
			note.Why = note.Key + " is that by default, or has no use here"
		}
		fmt.Fprintf(&b, "# %s\n", note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// String is the note in a line.
func (n Note) String() string {
	text := "here: "
	if n.Line > 0 {
		text = fmt.Sprintf("line %d, %s: ", n.Line, n.Text)
	}
	text += string(n.Fate)
	if n.Key != "" && n.Fate != Taken {
		text += " (" + n.Key + ")"
	}
	if n.Why != "" {
		text += ": " + n.Why
	}
	return text
}

// Count is how many lines have a fate.
func (t Translation) Count(fate Fate) (n int) {
	for _, note := range t.Notes {
		if note.Fate == fate && note.Line > 0 {
			n++
		}
	}
	return n
}

// Lines is how many lines there were, comments and empty ones aside.
func (t Translation) Lines() (n int) {
	for _, note := range t.Notes {
		if note.Line > 0 {
			n++
		}
	}
	return n
}
