package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

// How long a shell's Tab may wait for the daemon, and how much it offers.
const (
	completionTime = time.Second
	maxOffers      = 100
)

// completeAsking offers what the daemon knows, as far as it begins with what was
// typed. Where no daemon answers in time it offers nothing, and says nothing: that
// is for the command.
func completeAsking(f *adminFlags, offer func(ctx context.Context, c *admin.Client, typed string) ([]cobra.Completion, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		client, err := f.connect(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		offers, err := offer(ctx, client, typed)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		offers = slices.DeleteFunc(offers, func(one cobra.Completion) bool { return !strings.HasPrefix(one, typed) })
		return offers[:min(len(offers), maxOffers)], cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeSessions offers the live sessions for an argument or a flag, each with
// what it is doing, the oldest first.
func completeSessions(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.Sessions(ctx, admin.SessionsRequest{Everywhere: true})
		for _, s := range list.Sessions {
			offers = append(offers, cobra.CompletionWithDesc(s.ID.String(), sessionText(s, time.Now())))
		}
		return offers, err
	})
}

// sessionText says in few words what a session is doing: chatting (video), 12m old.
func sessionText(s admin.Session, now time.Time) string {
	doing := string(s.State)
	if s.Mode != "" {
		doing += " (" + s.Mode + ")"
	}
	text := fmt.Sprintf("%s, %s old", doing, about(now.Sub(s.Since)))
	if s.Reports > 0 {
		text += ", " + count(s.Reports, "report")
	}
	return text
}

// completeFirst makes a completion one of the first argument only.
func completeFirst(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

// completeFlag offers values for a flag that cmd has.
func completeFlag(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // there is no such flag, or it has one already
	}
}

// completeWords offers the words that a flag knows.
func completeWords[T ~string](cmd *cobra.Command, flag string, words []T) {
	completeFlag(cmd, flag, cobra.FixedCompletions(texts(words), cobra.ShellCompDirectiveNoFileComp))
}
