package main

import (
	"fmt"
	"regexp"
	"strings"
)

// licence is one that may be in the package: a text is under it if it has all of these
// phrases, and nothing else is in that text if it is no longer than that.
type licence struct {
	name    string // as in Debian's machine-readable copyright file
	phrases []string
	length  int // of the normal text, in bytes; copyright lines and a title fit in
}

var licences = []licence{
	{"Apache-2.0", []string{"apache license version 2.0, january 2004", "terms and conditions for use, reproduction, and distribution", "9. accepting warranty or additional liability"}, 11_500},
	{"Apache-2.0", []string{"licensed under the apache license, version 2.0 (the \"license\"); you may not use this file except in compliance with the license"}, 700},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms, with or without modification, are permitted", "redistributions of source code must retain", "redistributions in binary form must reproduce", "neither the name of", "as is"}, 1_750},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms, with or without modification, are permitted", "redistributions of source code must retain", "redistributions in binary form must reproduce", "as is"}, 1_500},
	{"CC0-1.0", []string{"cc0 1.0 universal", "copyright and related rights", "affirmer"}, 7_200},
	{"Expat", []string{"permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files", "the above copyright notice and this permission notice", "the software is provided \"as is\""}, 1_300},
	{"ISC", []string{"permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted", "the software is provided \"as is\""}, 900},
	{"ISC", []string{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted", "the software is provided \"as is\""}, 900},
	{"MPL-2.0", []string{"mozilla public license version 2.0", "1.11. \"patent claims\""}, 17_000},
}

// licencesIn names the licences of a text. It refuses one that it does not know, and a
// text with more in it than the licences that it knows: a person must read that.
func licencesIn(text string) ([]string, error) {
	text = normal(text)
	var names []string
	known := 0
	for _, l := range licences {
		times := 0
		for _, phrase := range l.phrases {
			n := strings.Count(text, phrase)
			if n == 0 {
				times = 0
				break
			}
			if times == 0 || n < times {
				times = n
			}
		}
		if times == 0 || l.name == "BSD-2-Clause" && len(names) > 0 && names[len(names)-1] == "BSD-3-Clause" {
			continue
		}
		known += times * l.length
		if len(names) == 0 || names[len(names)-1] != l.name {
			names = append(names, l.name)
		}
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("the licence is none of those in packaging/deb/licence.go: %.80q", text)
	case len(text) > known:
		return nil, fmt.Errorf("the licence %s goes on, %d bytes for %d: read it, and see packaging/deb/licence.go", strings.Join(names, " and "), len(text), known)
	}
	return names, nil
}

var (
	space = regexp.MustCompile(`[\s*#>-]+`)
	quote = strings.NewReplacer("“", `"`, "”", `"`, "''", `"`, "``", `"`, "’", "'")
)

// normal makes texts alike that differ in how they are set.
func normal(text string) string {
	return strings.TrimSpace(space.ReplaceAllString(quote.Replace(strings.ToLower(text)), " "))
}

var holder = regexp.MustCompile(`(?mi)^[ \t/*#]*(?:portions )?copyright(?: (?:\(c\)|©))+ +(.+)$|^[ \t/*#]*copyright:? +(\d{4}.+|the .+)$`)

// holders lists who has the copyright, as the text says.
func holders(text string) (list []string) {
	seen := map[string]bool{}
	for _, m := range holder.FindAllStringSubmatch(text, -1) {
		who := strings.TrimSpace(m[1] + m[2])
		who = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(who, "*/"), "All rights reserved."))
		if who != "" && !strings.HasPrefix(who, "[") && !seen[who] {
			seen[who] = true
			list = append(list, who)
		}
	}
	return list
}
