package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLinkedModulesHaveKnownLicences tells of a module that a package must not have in it
// before somebody builds one.
func TestLinkedModulesHaveKnownLicences(t *testing.T) {
	t.Chdir("../..")
	works, err := linked("amd64")
	if err != nil {
		t.Fatal(err)
	}
	text := copyright(work{[]string{"*"}, []string{"us"}, []string{"none-given"}, "None."}, works)
	for _, part := range []string{
		"\n       golang.org/x/sys@v",
		"\nFiles: github.com/coder/websocket@v",
		"/publicsuffix/data/*\nCopyright: Mozilla Foundation",
		"/internal/github.com/golang/gddo/*",
		"/usr/share/common-licenses/Apache-2.0",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the copyright file lacks %q", part)
		}
	}
	if strings.Contains(text, "TERMS AND CONDITIONS FOR USE") {
		t.Error("the copyright file has the Apache licence in it, which Debian has in a file")
	}
}

const mit = `The MIT License (MIT)

Copyright (c) 2026 Ann Example <ann@example.org>. All rights reserved.
Copyright 2025 Bob

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.
`

func TestLicencesIn(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
		err        string
	}{
		{"MIT", mit, []string{"Expat"}, ""},
		{"in a comment", "/*\n * " + strings.ReplaceAll(mit, "\n", "\n * ") + "*/", []string{"Expat"}, ""},
		{"none", "Ask me.", nil, "none of those"},
		{"a clause more", mit + strings.Repeat("The Software shall be used for Good, not Evil. ", 20), nil, "goes on"},
		{"GPL", "GNU GENERAL PUBLIC LICENSE Version 3", nil, "none of those"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := licencesIn(tt.text)
			if !slices.Equal(got, tt.want) || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("licencesIn() = %v, %v; want %v, %q", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestHolders(t *testing.T) {
	text := mit + "\nCopyright © Carol Authors. All rights reserved.\nCopyright [yyyy] [name]\nthe copyright notice\n// Copyright 2019 The Go Authors\n"
	want := []string{"2026 Ann Example <ann@example.org>.", "2025 Bob", "Carol Authors.", "2019 The Go Authors"}
	if got := holders(text); !slices.Equal(got, want) {
		t.Errorf("holders() = %q, want %q", got, want)
	}
}

func TestNoticed(t *testing.T) {
	works, err := noticed("What is beside this file …\n\n==== @noble/ciphers 2.4.0 (MIT)\n\n" + mit + "\n==== seedrandom 3.0.5 (MIT)\n\n" + mit)
	if err != nil || len(works) != 2 || works[0].files[0] != "npm:@noble/ciphers@2.4.0" || works[1].files[0] != "npm:seedrandom@3.0.5" {
		t.Errorf("noticed() = %v, %v", works, err)
	}
	if _, err := noticed("empty"); err == nil {
		t.Error("a notice without a package is taken")
	}
}

func TestMaintainerScripts(t *testing.T) {
	for _, script := range []string{"postinst", "prerm", "postrm", "../../scripts/deb", "../../scripts/deb-check", "../../scripts/version"} {
		if out, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}

func TestNFPMNamesTheSameMaintainer(t *testing.T) {
	text, err := os.ReadFile("nfpm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"\nmaintainer: " + maintainer + "\n", "\nhomepage: " + homepage + "\n"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("nfpm.yaml lacks %q", line)
		}
	}
}
