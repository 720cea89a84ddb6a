package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

// malformed are values that no key of a type takes, as YAML.
var malformed = map[string][]string{
	"text":     {"5", "true", "1.5", "[a, b]", "2026-11-29"},
	"switch":   {"maybe", "2", "'yes please'", "[true]", "''"},
	"number":   {"many", "1.5", "''", "[1]", "9999999999999999999999"},
	"duration": {"5", "soon", "''", "[1h]", "1 hour"},
	"list":     {"[[a]]", "[{a: b}]", "5", "true", "1.5"},
}

// wrongAddresses are no places to listen at.
var wrongAddresses = []string{":65536", ":-1", ":http", "127.0.0.1", "a b:80", "[::1:80", "::1:80", "127.0.0.1:80:80"}

// wrongs is a file with something wrong in it, for each key.
type wrongs map[string]string

// yaml writes the file, in the order of the keys.
func (w wrongs) yaml() string {
	var text strings.Builder
	section := ""
	for _, f := range config.Fields() {
		value, is := w[f.Key]
		if !is {
			continue
		}
		head, name, nested := strings.Cut(f.Key, ".")
		if nested && head != section {
			fmt.Fprintf(&text, "%s:\n", head)
			section = head
		}
		if nested {
			name = "  " + name
		} else {
			name = head
		}
		fmt.Fprintf(&text, "%s: %s\n", name, value)
	}
	return text.String()
}

// o1 counts what is tried, and what is refused with its place, its key and a remedy.
type o1 struct {
	t              *testing.T
	tried, refused int
}

// judge looks for a refusal of each key in what Load returned.
func (o *o1) judge(err error, source func(config.Field) string, w wrongs) {
	o.t.Helper()
	var lines []string
	if err != nil {
		lines = strings.Split(err.Error(), "\n")
	}
	for _, f := range config.Fields() {
		value, is := w[f.Key]
		if !is {
			continue
		}
		o.tried++
		start := source(f) + ": " + f.Key + ": "
		found := false
		for _, line := range lines {
			found = found || strings.HasPrefix(line, start) && len(line) > len(start)+15
		}
		if found {
			o.refused++
		} else {
			o.t.Errorf("%s: %s is not refused with place, key and remedy: %v", f.Key, value, err)
		}
	}
}

func (o *o1) file(w wrongs) {
	o.t.Helper()
	file := writeFile(o.t, w.yaml())
	_, err := load(o.t, "--config", file)
	o.judge(err, func(config.Field) string { return file }, w)
}

// Trial O1: malformed values of every key, in a file, the environment and flags; a slip in
// the name of each, keys below it, ports that there are not.
func TestO1EveryKey(t *testing.T) {
	o := &o1{t: t}
	for i := range malformed["text"] {
		w := wrongs{}
		for _, f := range config.Fields() {
			w[f.Key] = malformed[f.Type][i]
		}
		o.file(w)
	}
	below, negative, misspelt := wrongs{}, wrongs{}, wrongs{}
	for _, f := range config.Fields() {
		below[f.Key], misspelt[f.Key] = "{a: b}", "x"
		switch f.Type {
		case "number":
			negative[f.Key] = "-1"
		case "duration":
			negative[f.Key] = "-1h"
		}
	}
	o.file(below)
	o.file(negative)
	for _, addr := range wrongAddresses {
		w := wrongs{}
		for _, f := range config.Fields() {
			if name := f.Key[strings.LastIndexByte(f.Key, '.')+1:]; strings.HasSuffix(name, "listen") {
				w[f.Key] = fmt.Sprintf("%q", addr)
				if f.Type == "list" {
					w[f.Key] = "[" + w[f.Key] + "]"
				}
			}
		}
		if len(w) < 6 {
			t.Errorf("only %d keys listen", len(w))
		}
		o.file(w)
	}
	o.misspelt(misspelt)
	o.environment()
	t.Logf("figure: O1: %d of %d malformed settings of %d keys refused with place, key and remedy", o.refused, o.tried, len(config.Fields()))
}

// misspelt tries a slip in the name of each key, in the file and in the environment.
func (o *o1) misspelt(w wrongs) {
	file := writeFile(o.t, strings.ReplaceAll(w.yaml(), ": x\n", "x: 1\n"))
	_, err := load(o.t, "--config", file)
	for _, f := range config.Fields() {
		o.t.Setenv(f.Env+"X", "1")
		o.tried += 2
		if err != nil && strings.Contains(err.Error(), file+": "+f.Key+"x: unknown key; known here: ") {
			o.refused++
		} else {
			o.t.Errorf("%sx is taken: %v", f.Key, err)
		}
	}
	_, err = load(o.t)
	for _, f := range config.Fields() {
		if err != nil && strings.Contains(err.Error(), "environment: "+f.Env+"X: unknown setting; ") {
			o.refused++
		} else {
			o.t.Errorf("%sX is taken: %v", f.Env, err)
		}
		os.Unsetenv(f.Env + "X") // Setenv restores what was before
	}
}

// environment tries the same where everything is text.
func (o *o1) environment() {
	w := wrongs{}
	for _, f := range config.Fields() {
		if f.Type != "text" && f.Type != "list" {
			w[f.Key] = malformed[f.Type][0]
			o.t.Setenv(f.Env, w[f.Key])
		}
	}
	_, err := load(o.t)
	o.judge(err, func(f config.Field) string { return "environment " + f.Env }, w)
	for key := range w {
		for _, f := range config.Fields() {
			if f.Key == key {
				os.Unsetenv(f.Env)
			}
		}
	}
}
