package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/privacy"
)

// completeRequests offers the requests for data that wait, of one kind or of any, the first
// due first, and if all then those that have ended.
func completeRequests(f *adminFlags, kind privacy.Kind, all bool) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.PrivacyRequests(ctx, all)
		for _, r := range list.Requests {
			if kind == "" || r.Kind == kind {
				offers = append(offers, cobra.CompletionWithDesc(r.ID, fmt.Sprintf("%s, %s, due %s", r.Kind, requestState(r, time.Now()), dateText(r.Due))))
			}
		}
		return offers, err
	})
}

// completeHolds offers what is on hold, the oldest first.
func completeHolds(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.LegalHolds(ctx)
		for _, h := range list.Holds {
			offers = append(offers, cobra.CompletionWithDesc(h.ID, fmt.Sprintf("%s, until %s", quoteControls(h.Reference), dateText(h.Until))))
		}
		return offers, err
	})
}

// completeDisclosures offers those in some states, the oldest first.
func completeDisclosures(f *adminFlags, states ...disclosure.State) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.Disclosures(ctx)
		for _, e := range list.Disclosures {
			if slices.Contains(states, e.State) {
				offers = append(offers, cobra.CompletionWithDesc(e.ID, fmt.Sprintf("%s, by %s, %s", quoteControls(e.Authority), e.By, e.State)))
			}
		}
		return offers, err
	})
}
