package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
)

func TestCompletionOffersBans(t *testing.T) {
	d := startDaemon(t, nil)
	add := func(target string, e ban.Entry) ban.Ban {
		t.Helper()
		var err error
		if e.Target, err = ban.ParseTarget(target); err != nil {
			t.Fatal(err)
		}
		b, err := d.bans.Add(e)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	soon := time.Now().Add(5*time.Hour + time.Minute)
	hidden := add("203.0.113.7", ban.Entry{By: "root", Reason: "spam", Until: soon})
	prefix := add("203.0.113.0/24", ban.Entry{By: "auto:filter", Scope: ban.ScopeVideo})
	kept := add("2001:db8::1", ban.Entry{By: "root", KeepAddress: true, Until: soon, Report: "r17"})
	if _, err := d.bans.Allow(ban.TargetFor(netip.MustParseAddr("192.0.2.1")), "office", "alice"); err != nil {
		t.Fatal(err)
	}
	socket := []string{"--socket", d.adminPath}
	for _, tt := range []struct {
		words []string
		want  []string
	}{
		{[]string{"unban", "--id", ""}, []string{kept.ID.String() + "\tall, in 5h", prefix.ID.String() + "\tvideo, permanent", hidden.ID.String() + "\tall, in 5h, spam"}},
		{[]string{"unban", "--id", hidden.ID.String()[:7]}, []string{hidden.ID.String() + "\tall, in 5h, spam"}},
		{[]string{"unban", ""}, []string{"2001:db8::1\tall, in 5h", "203.0.113.0/24\tvideo, permanent"}},
		{[]string{"unban", "203"}, []string{"203.0.113.0/24\tvideo, permanent"}},
		{[]string{"unban", "203.0.113.0/24", ""}, nil},
		{[]string{"unban", "--scope", ""}, []string{"all", "video", "relay"}},
		{[]string{"ban", ""}, nil},
		{[]string{"ban", "--scope", ""}, []string{"all", "video", "relay"}},
		{[]string{"ban", "--report", ""}, nil},
		{[]string{"bans", "list", "--by", ""}, []string{"root", "auto:filter"}},
		{[]string{"bans", "list", "--by", "a"}, []string{"auto:filter"}},
		{[]string{"bans", "list", "--report", ""}, []string{"r17"}},
		{[]string{"bans", "list", "--sort", ""}, []string{"created", "ends", "by"}},
		{[]string{"bans", "list", "--kind", ""}, []string{"address", "net64", "prefix"}},
		{[]string{"bans", "list", "-o", ""}, []string{"text", "json"}},
		{[]string{"bans", "history", "--by", ""}, []string{"root", "auto:filter"}},
		{[]string{"bans", "history", "--how", ""}, []string{"removed", "expired", "replaced"}},
		{[]string{"bans", "disallow", ""}, []string{"192.0.2.1/32\toffice"}},
	} {
		words := slices.Concat(tt.words[:len(tt.words)-1], socket, tt.words[len(tt.words)-1:])
		if last := tt.words[len(tt.words)-2]; strings.HasPrefix(last, "-") { // a flag and its value stay together
			words = slices.Concat(tt.words[:len(tt.words)-2], socket, tt.words[len(tt.words)-2:])
		}
		if got := complete(t, words...); !slices.Equal(got, tt.want) {
			t.Errorf("%q offers %q, want %q", tt.words, got, tt.want)
		}
	}
	socket[1] += ".none"
	for _, words := range [][]string{{"unban"}, {"unban", "--id"}, {"ban", "--report"}, {"bans", "list", "--by"}, {"bans", "disallow"}} {
		at := len(words)
		if strings.HasPrefix(words[at-1], "-") {
			at--
		}
		words = append(slices.Insert(words, at, socket...), "")
		if got := complete(t, words...); len(got) != 0 {
			t.Errorf("%q offers %q, want nothing", words, got)
		}
	}
}

func TestCompletionIsBounded(t *testing.T) {
	d := startDaemon(t, nil)
	var entries []ban.Entry
	for i := range 300 {
		prefix, err := ban.ParseTarget(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24).String())
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, ban.Entry{Target: prefix, By: "test"})
	}
	if _, err := d.bans.AddAll(entries); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"unban", "--socket", d.adminPath, ""}, {"unban", "--socket", d.adminPath, "--id", ""}} {
		if got := complete(t, words...); len(got) != 100 {
			t.Errorf("%q offers %d, want 100", words, len(got))
		}
	}
	// All that begin so are asked for, not the first hundred alone.
	if got := complete(t, "unban", "--socket", d.adminPath, "10.0.17"); len(got) != 11 {
		t.Errorf("10.0.17 offers %q, want 10.0.17.0/24 and 10.0.170.0/24 to 10.0.179.0/24", got)
	}
}
