package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/config"
)

func TestEveryCommandHasAManPage(t *testing.T) {
	root := newRootCommand()
	pages := manPages(root)
	want := 1 // joingyd.yaml.5
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Hidden || cmd.Name() == "help" { // which is --help
			return
		}
		want++
		page := pages[manName(cmd)+".1"]
		for _, part := range []string{".TH ", "\n.SH NAME\n", "\n.SH SYNOPSIS\n", roff(cmd.CommandPath()), roff(cmd.Short)} {
			if !strings.Contains(page, part) {
				t.Errorf("the page of %s lacks %q", cmd.CommandPath(), part)
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
	for _, f := range config.Fields() {
		if !strings.Contains(pages["joingyd.yaml.5"], roff(f.Key)) {
			t.Errorf("joingyd.yaml.5 lacks %s", f.Key)
		}
	}
	if len(pages) != want {
		t.Errorf("%d pages, want %d", len(pages), want)
	}
}

func TestRoff(t *testing.T) {
	tests := map[string]string{
		"--for 7d":             `\-\-for 7d`,
		".hidden\n'quoted'":    "\\&.hidden\n\\&'quoted'",
		`C:\ "x" ~/y ^ ` + "`": `C:\e \(dqx\(dq \(ti/y \(ha \(ga`,
	}
	for text, want := range tests {
		if got := roff(text); got != want {
			t.Errorf("roff(%q) = %q, want %q", text, got, want)
		}
	}
}
