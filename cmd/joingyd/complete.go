package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

// completionTime is how long a shell's Tab may wait for the daemon.
const completionTime = time.Second

// completeSessions offers the live sessions for an argument or a flag, each with
// what it is doing, the oldest first. Where no daemon answers it offers nothing,
// and says nothing: that is for the command.
func completeSessions(f *adminFlags) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		client, err := f.connect(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		list, err := client.Sessions(ctx, admin.SessionsRequest{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		offers := make([]cobra.Completion, len(list.Sessions))
		for i, s := range list.Sessions {
			offers[i] = cobra.CompletionWithDesc(s.ID.String(), sessionText(s, time.Now()))
		}
		return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
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
