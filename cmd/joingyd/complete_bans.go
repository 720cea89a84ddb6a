package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

// completeBanIDs offers the ids of bans, the newest first.
func completeBanIDs(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, typed string) (offers []cobra.Completion, err error) {
		list, err := c.Bans(ctx, admin.BansRequest{ID: typed, Reverse: true, Limit: maxOffers})
		for _, b := range list.Bans {
			offers = append(offers, cobra.CompletionWithDesc(b.ID.String(), banText(b, time.Now())))
		}
		return offers, err
	})
}

// completeBanTargets offers what bans are on, where that is known, the newest
// first.
func completeBanTargets(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, typed string) (offers []cobra.Completion, err error) {
		list, err := c.Bans(ctx, admin.BansRequest{Shown: true, Target: typed, Reverse: true, Limit: maxOffers})
		for _, b := range list.Bans {
			offers = append(offers, cobra.CompletionWithDesc(describe(b), banText(b, time.Now())))
		}
		return offers, err
	})
}

// recentBans is how many of the newest bans are looked at for who made them, and
// what for.
const recentBans = 1000

// completeFromBans offers what recent bans have in a field, each once.
func completeFromBans(f *adminFlags, field func(ban.Ban) string) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.Bans(ctx, admin.BansRequest{Reverse: true, Limit: recentBans})
		for _, b := range list.Bans {
			if value := field(b); value != "" && !slices.Contains(offers, value) {
				offers = append(offers, value)
			}
		}
		return offers, err
	})
}

// completeMakers offers who made bans.
func completeMakers(f *adminFlags) cobra.CompletionFunc {
	return completeFromBans(f, func(b ban.Ban) string { return b.By })
}

// completeReports offers the reports that are remembered, the newest first.
func completeReports(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.Reports(ctx)
		for _, r := range list.Reports {
			offers = append(offers, cobra.CompletionWithDesc(r.ID, reportText(r, time.Now())))
		}
		return offers, err
	})
}

// completeAllowed offers what is on the allowlist.
func completeAllowed(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.Allowed(ctx)
		for _, a := range list.Allowed {
			offers = append(offers, cobra.CompletionWithDesc(a.Prefix.String(), cmp.Or(a.Note, "by "+a.By)))
		}
		return offers, err
	})
}

// banText says in few words what a ban is: video, in 24h, spam.
func banText(b ban.Ban, now time.Time) string {
	text := string(b.Scope) + ", " + endsIn(b, now)
	if b.Reason != "" {
		text += ", " + b.Reason
	}
	return text
}

// reportText says in few words what a report is: spam, 5m ago, ended.
func reportText(r admin.Report, now time.Time) string {
	return strings.Join([]string{r.Reason, about(now.Sub(r.At)) + " ago", sessionState(r)}, ", ")
}

// sessionState says whether whom a report is about is still there.
func sessionState(r admin.Report) string {
	if r.Session == "" {
		return "ended"
	}
	return "live"
}
