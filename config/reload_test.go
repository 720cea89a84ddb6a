package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

func TestReload(t *testing.T) {
	tests := []struct {
		name             string
		running          func(*config.Config)
		change           func(*config.Config)
		applied, waiting []string
		problem          string
	}{
		{"nothing", nil, func(*config.Config) {}, nil, nil, ""},
		{"a live key", nil, func(c *config.Config) { c.Log.Level = "debug" }, []string{"log.level"}, nil, ""},
		{"a list", nil, func(c *config.Config) { c.Bans.Steps = []string{"1h"} }, []string{"bans.steps"}, nil, ""},
		{"both kinds", nil, func(c *config.Config) { c.Site.Banner, c.TURN.Realm = "x", "y" }, []string{"site.banner"}, []string{"turn.realm"}, ""},
		{"a first contact opens the site", nil, func(c *config.Config) { c.Site.Contact = "a@example.org" }, []string{"site.contact"}, []string{"http.listen"}, ""},
		{
			"what does not go together yet",
			func(c *config.Config) { c.HTTP.Listen, c.Site.Contact = ":80", "a@example.org" },
			func(c *config.Config) { c.HTTP.Listen, c.Site.Contact = "", "" },
			[]string{"site.contact"}, []string{"http.listen"}, "until the restart: http.listen: \":80\" lets in others",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			running := config.Default()
			if tt.running != nil {
				tt.running(&running)
			}
			next := running
			tt.change(&next)
			merged, applied, waiting, err := running.Reload(next)
			if !slices.Equal(applied, tt.applied) || !slices.Equal(waiting, tt.waiting) {
				t.Errorf("applied %v, waiting %v; want %v, %v", applied, waiting, tt.applied, tt.waiting)
			}
			if (err != nil) != (tt.problem != "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("error %v, want %q", err, tt.problem)
			}
			if merged.TURN.Realm != running.TURN.Realm || merged.Site.Banner != next.Site.Banner {
				t.Error("not what is live, and that alone, is taken over")
			}
		})
	}
}
