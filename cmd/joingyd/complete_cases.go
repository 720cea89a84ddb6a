package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

// completeActions offers what a case can be decided with.
func completeActions(f *adminFlags, id string) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		k, err := c.Case(ctx, id)
		return texts(k.Actions), err
	})
}

// completeCases offers the cases that wait, the gravest first.
func completeCases(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.Cases(ctx, maxOffers)
		return offerCases(list), err
	})
}

// completeHeld offers the cases that are held, the hold that ends first at the front.
func completeHeld(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.HeldCases(ctx, maxOffers)
		return offerCases(list), err
	})
}

func offerCases(list admin.CaseList) (offers []cobra.Completion) {
	for _, k := range list.Cases {
		offers = append(offers, cobra.CompletionWithDesc(k.ID, strings.Join([]string{k.Gravity, reasonsText(k), about(time.Since(k.Opened)) + " ago"}, ", ")))
	}
	return offers
}
