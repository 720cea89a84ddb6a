package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newReportsLoginCommand(flags *adminFlags) *cobra.Command {
	var req admin.LoginRequest
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Make a link to the moderators' page",
		Long: `Make a link by which one moderator logs in to the moderators' page (admin.web_listen).
It works once, within five minutes, and what is seen and decided there stands under
that moderator's name in the audit log. So does who made the link.`,
		Example: `  joingyd reports login
  joingyd reports login --for bob`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.LoginResult, error) {
				return c.Login(ctx, req)
			}, func(w io.Writer, link admin.LoginResult) error {
				p := &printer{w: w}
				p.printf("%s\nfor %s, once, until %s (in %s)\n", link.URL, link.For, timeText(link.Until), about(time.Until(link.Until)))
				return p.err
			})
		},
	}
	cmd.Flags().StringVar(&req.For, "for", "", "the moderator who will use it (default: you)")
	return cmd
}
