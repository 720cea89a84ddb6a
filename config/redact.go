package config

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// shown are the keys of texts and lists whose values are words of ours, sizes and ports: they
// name no person, no secret and no place.
var shown = []string{
	"http.listen", "http.forwarded_header", "tls.listen", "turn.listen", "turn.transports", "turn.tls_listen", "turn.offload", "turn.relay", "turn.relay_ports",
	"filter.links", "filter.contacts", "filter.words", "bans.steps", "moderation.rules", "age.required", "admin.listen", "admin.web_listen", "admin.metrics_listen",
	"log.level", "log.format", "log.addresses",
}

// Redacted writes the settings for somebody else to read: numbers, times, switches and words
// of ours as they are, and of all else only whether it is set.
func Redacted(w io.Writer, c Config) error {
	var b strings.Builder
	defaults := Default()
	for _, f := range Fields() {
		value := f.Value(c)
		text := FormatValue(value)
		_, isText := value.(string)
		list, isList := value.([]string)
		switch {
		case !isText && !isList, slices.Contains(shown, f.Key), reflect.DeepEqual(value, f.Value(defaults)):
		case isList:
			text = fmt.Sprintf("(%d set)", len(list))
		default:
			text = "(set)"
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Key, text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
