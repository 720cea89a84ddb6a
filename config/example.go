package config

import (
	"fmt"
	"io"
	"strings"
)

// Installed returns the settings of a packaged daemon that was told nothing: Default,
// with data, control socket and metrics where Debian's users look for such things.
func Installed() Config {
	c := Default()
	c.DataDir = "/var/lib/joingyd"
	c.Admin.Socket = "/run/joingyd/admin.sock"
	c.Admin.Group = "joingyd"
	c.Admin.MetricsListen = "127.0.0.1:9478" // one daemon a machine: the port may be fixed
	return c
}

// Example writes the file of an installed system: every key with what it means, how its
// value is written and its default, commented out but for those of Installed that
// differ. Load takes it as it is, and with any of its keys uncommented.
func Example(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`# joingyd's settings. A key behind "#" has the value that is shown: take the "#" away
# to set another, as a whole line, and leave it indented as it is.
#
#   joingyd config check --config FILE    names each mistake and its remedy
#   joingyd config print --config FILE    shows what is in force
#
# Durations are written as 300ms, 90s, 15m or 24h, lists as ["one", "two"]. The
# environment (JOINGYD_TURN_LISTEN stands for turn.listen) wins over this file.
`)
	defaults, installed := Default(), Installed()
	section := ""
	for _, f := range Fields() {
		key, indent := f.Key, ""
		if head, tail, nested := strings.Cut(f.Key, "."); nested {
			if head != section {
				section = head
				fmt.Fprintf(&b, "\n%s:", head)
			}
			key, indent = tail, "  "
		}
		b.WriteByte('\n')
		comment(&b, indent, f.Doc)
		kind := f.Type
		if kind == "switch" {
			kind = "true or false"
		}
		byDefault, here := FormatValue(f.Value(defaults)), FormatValue(f.Value(installed))
		if here != byDefault {
			fmt.Fprintf(&b, "%s# (%s; default %s)\n%s%s: %s\n", indent, kind, byDefault, indent, key, here)
			continue
		}
		fmt.Fprintf(&b, "%s# (%s)\n%s#%s: %s\n", indent, kind, indent, key, here)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lineWidth is how long a line of comment gets, in bytes.
const lineWidth = 84

// comment writes text in lines behind "# ".
func comment(b *strings.Builder, indent, text string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > lineWidth {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
