package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

// What an operator writes is not shown, but for words of ours and where it listens.
func TestRedacted(t *testing.T) {
	c := config.Default()
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.String:
			v.SetString("canary")
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"canary", "canary"}))
		}
	}
	fill(reflect.ValueOf(&c).Elem())
	var text strings.Builder
	if err := config.Redacted(&text, c); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		key, value, _ := strings.Cut(line, ": ")
		if strings.Contains(value, "canary") && !strings.Contains(key, "listen") && !strings.HasPrefix(key, "log.") && !strings.HasPrefix(key, "filter.") &&
			!strings.HasPrefix(key, "turn.") && key != "bans.steps" && key != "moderation.rules" && key != "age.required" && key != "http.forwarded_header" {
			t.Errorf("shown: %s", line)
		}
	}
	for _, hidden := range []string{"turn.public_host", "turn.realm", "turn.users_file", "turn.secret_files", "turn.relay_addresses", "turn.external_addresses", "turn.allow_peers", "filter.words_file", "site.contact", "admin.token_file", "moderation.classifier", "tls.acme_email", "cluster.redis", "cluster.user", "cluster.node", "http.trusted_proxies"} {
		if !strings.Contains(text.String(), "\n"+hidden+": (") {
			t.Errorf("%s is shown, or missing", hidden)
		}
	}
	if n := strings.Count(text.String(), "\n"); n != len(config.Fields()) {
		t.Errorf("%d lines, %d keys", n, len(config.Fields()))
	}
}
