package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// age checks how proof of age is asked for. What it may be is package agepass's too.
func (v *validator) age(c Age) {
	v.oneOf("age.required", c.Required, "off", "video", "all")
	for _, at := range []struct{ key, value, example, needed string }{
		{"age.page", c.Page, "https://age.example/start", "the address of your checker where visitors are sent"},
		{"age.check", c.Check, "https://age.example/check", "the address of your checker where joingyd asks what it found"},
		{"age.origin", c.Origin, "https://chat.example", "the address of this site, where your checker sends visitors back"},
	} {
		if at.value != "" {
			v.secure(at.key, at.value, at.example)
		} else if c.Required == "video" || c.Required == "all" {
			v.add(at.key, fmt.Sprintf("is empty, and age.required is %s; give %s, such as %s", c.Required, at.needed, at.example))
		}
	}
	if u, err := url.Parse(c.Origin); c.Origin != "" && err == nil && (c.Origin != u.Scheme+"://"+u.Host || strings.ToLower(c.Origin) != c.Origin || strings.Contains(u.Hostname(), ":")) {
		v.add("age.origin", fmt.Sprintf("%q is not an origin; write scheme, name and port only, in small letters, such as https://chat.example", c.Origin))
	}
	v.text("age.token_file", c.TokenFile, 0, 4096)
	v.duration("age.pass_lifetime", c.PassLifetime, 2*time.Hour, 30*24*time.Hour)
}

// secure checks an address whose answers nobody on the way may read or change.
func (v *validator) secure(key, value, example string) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		v.add(key, fmt.Sprintf("%q is no plain address; write it like %s", value, example))
	case u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname(), netip.Addr.IsLoopback)):
		v.add(key, fmt.Sprintf("%q is not https, and not of this machine; use https, such as %s", value, example))
	}
}
