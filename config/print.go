package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Print writes c as a commented YAML file that Load reads back unchanged.
func Print(w io.Writer, c Config) error {
	var b strings.Builder
	section := ""
	for _, f := range Fields() {
		key, indent := f.Key, ""
		if head, tail, nested := strings.Cut(f.Key, "."); nested {
			if head != section {
				section = head
				fmt.Fprintf(&b, "\n%s:\n", head)
			}
			key, indent = tail, "  "
		}
		fmt.Fprintf(&b, "%s# %s\n%s%s: %s\n", indent, f.Doc, indent, key, FormatValue(f.Value(c)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the reference of every key, for docs/configuration.md.
func Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| key | type | default | flag | environment | meaning |\n|---|---|---|---|---|---|\n")
	defaults := Default()
	for _, f := range Fields() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | `--%s` | `%s` | %s |\n", f.Key, f.Type, FormatValue(f.Value(defaults)), f.Flag, f.Env, f.Doc+live(f))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// live is said of the fields that a reload changes.
func live(f Field) string {
	if f.Live {
		return " *Live.*"
	}
	return ""
}

// FormatValue prints a field's value as YAML.
func FormatValue(value any) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value)
	case time.Duration:
		return shortDuration(value)
	case []string:
		quoted := make([]string, len(value))
		for i, item := range value {
			quoted[i] = strconv.Quote(item)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return fmt.Sprint(value)
	}
}

// shortDuration is d.String without its trailing zero units: 24h, not 24h0m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
