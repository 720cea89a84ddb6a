package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	maxBanner     = 300 // characters
	maxProcessors = 50
	maxProcessor  = 300 // bytes
)

var (
	colour   = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	nodeName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`) // of an RFC 6265 cookie's value, what every proxy can match
)

// site checks what visitors read. Files and contrasts are package web's to check.
func (v *validator) site(c Site) {
	v.text("site.name", c.Name, 1, 64)
	v.text("site.pages_dir", c.PagesDir, 0, 4096)
	v.text("site.policy", c.Policy, 0, 64)
	v.text("site.logo", c.Logo, 0, 4096)
	if c.Accent != "" && !colour.MatchString(c.Accent) {
		v.add("site.accent", fmt.Sprintf("%q is not a colour; write one as #rrggbb, such as #b3452a", c.Accent))
	}
	v.text("site.banner", c.Banner, 0, maxBanner*utf8.UTFMax)
	if n := utf8.RuneCountInString(c.Banner); n > maxBanner {
		v.add("site.banner", fmt.Sprintf("has %d characters; shorten it to %d", n, maxBanner))
	}
	if len(c.Processors) > maxProcessors {
		v.add("site.processors", fmt.Sprintf("has %d entries; name at most %d", len(c.Processors), maxProcessors))
	}
	for _, processor := range c.Processors {
		v.text("site.processors", processor, 0, maxProcessor)
		if name, what, _ := strings.Cut(processor, ":"); strings.TrimSpace(name) == "" || strings.TrimSpace(what) == "" {
			v.add("site.processors", fmt.Sprintf("%q is not complete; write \"NAME: what it does, where\", in a file if there is a comma in it", processor))
		}
	}
	if c.NodeCookie != "" && !nodeName.MatchString(c.NodeCookie) {
		v.add("site.node_cookie", fmt.Sprintf("%q is no name for a node; use at most 64 letters, digits, dots, dashes and underscores", c.NodeCookie))
	}
}
