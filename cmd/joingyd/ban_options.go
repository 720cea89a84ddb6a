package main

import (
	"fmt"
	"log/slog"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

// banOptions is what the configuration says to the ban store.
func banOptions(c config.Bans, log *slog.Logger) *ban.Options {
	return &ban.Options{WidenAfter: c.WidenAfter, WidenFor: c.WidenFor, Log: log}
}

// adminOptions is what it says to the control API.
func adminOptions(c config.Bans) (*admin.Options, error) {
	options := &admin.Options{Version: programVersion(), DefaultFor: c.DefaultFor, SharedFor: c.SharedFor}
	var err error
	if options.Steps, err = config.ParseSteps(c.Steps); err != nil {
		return nil, fmt.Errorf("bans.steps: %w", err)
	}
	for _, text := range c.Shared {
		prefix, err := config.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("bans.shared: %w", err)
		}
		options.Shared = append(options.Shared, prefix)
	}
	return options, nil
}
