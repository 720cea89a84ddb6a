package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
)

// openFilter is the filter of texts as it is configured. The settings have been
// validated; what can still be wrong is the file of words.
func openFilter(c config.Filter) (match.Filter, error) {
	policies := match.FilterPolicies()
	filter := match.Filter{
		Links: policies[c.Links], Contacts: policies[c.Contacts], Words: policies[c.Words],
		Repeats:   c.Repeats,
		MuteAfter: c.MuteAfter, MuteFor: c.MuteFor,
		BanAfter: c.BanAfter, BanFor: c.BanFor,
	}
	if c.WordsFile == "" {
		return filter, nil
	}
	file, err := os.Open(c.WordsFile)
	if err != nil {
		return filter, fmt.Errorf("filter.words_file: %w", err)
	}
	defer file.Close()
	if filter.List, err = match.ReadFilterWords(c.WordsFile, file); err != nil {
		return filter, fmt.Errorf("filter.words_file: %w", err)
	}
	return filter, nil
}

// banSpammer bans the addresses as `joingyd ban` does, which leaves out those that
// it would want --force for. Where lasts is 0, each is banned for the next of
// bans.steps.
func (d *daemon) banSpammer(addrs []netip.Addr, reason string, lasts time.Duration) {
	for _, addr := range addrs {
		req := admin.BanRequest{Target: addr.String(), Reason: reason, By: "auto:filter"}
		if lasts > 0 {
			req.For = lasts.String()
		}
		_, err := d.service.Ban(context.Background(), req)
		if refusal := (*admin.Error)(nil); errors.As(err, &refusal) {
			d.log.Warn("spammer not banned", "code", refusal.Code) // the error's text has the address
		}
	}
}
