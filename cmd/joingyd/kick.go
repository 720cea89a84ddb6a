package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newKickCommand() *cobra.Command {
	var flags adminFlags
	var reason string
	cmd := &cobra.Command{
		Use:   "kick SESSION",
		Short: "End a live session, without a ban",
		Long: `End a live session, its chat and its relay, and show the visitor why, if there is
a reason. The visitor may come back at once; use joingyd ban --session to prevent it.`,
		Example: `  joingyd kick ngdgw7kcjvbq4p2i5wd3kgu2ra
  joingyd kick ngdgw7kcjvbq4p2i5wd3kgu2ra --reason "No advertising here."`,
		Args: cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeSessions(&flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			req := admin.KickRequest{Session: args[0], Reason: reason}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.KickResult, error) {
				return c.Kick(ctx, req)
			}, func(w io.Writer, result admin.KickResult) error {
				_, err := fmt.Fprintf(w, "ended session %s\n", result.Session)
				return err
			})
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, in a few words; shown to the visitor")
	return cmd
}
